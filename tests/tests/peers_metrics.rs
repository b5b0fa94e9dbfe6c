//! Every formula of the judge against a second computation: random numbers go in here, what came out
//! goes to `tests/peers/metrics.py`, which computes the same from the formulas with numpy and scipy.

use certbench_tests::peer::Peers;
use serde_json::{Value, json};

#[path = "metrics_cases/arms.rs"]
mod arms;
#[path = "metrics_cases/draw.rs"]
mod draw;
#[path = "metrics_cases/hands.rs"]
mod hands;
#[path = "metrics_cases/items.rs"]
mod items;
#[path = "metrics_cases/statistics.rs"]
mod statistics;

#[test]
fn every_metric_agrees_with_numpy_and_scipy() {
    let Some(peers) = Peers::for_test("every_metric_agrees_with_numpy_and_scipy") else {
        return;
    };
    let mut cases: Vec<Value> = Vec::new();
    for table in [arms::TABLE, hands::TABLE, items::TABLE, statistics::TABLE] {
        for (metric, case) in table {
            for seed in 1..=20 {
                let (input, output) = case(&mut draw::Draw::new(seed));
                cases.push(json!({ "metric": metric, "in": input, "out": output }));
            }
        }
    }
    let folder = std::env::temp_dir().join(format!("certbench-metrics-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the cases");
    let file = folder.join("cases.json");
    std::fs::write(&file, Value::from(cases).to_string()).expect("the cases");
    let compared = peers.run("metrics.py", &[&file.to_string_lossy()]);
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
    let said: Value = serde_json::from_slice(&compared.stdout).unwrap_or_else(|_| {
        panic!("no JSON: {}", String::from_utf8_lossy(&compared.stderr));
    });
    assert_eq!(said["unlike"], json!([]), "{said:#}");
    assert_eq!(said["unknown"], json!([]), "{said:#}");
    let metrics = arms::TABLE.len() + hands::TABLE.len() + items::TABLE.len();
    assert_eq!(said["metrics"], json!(metrics + statistics::TABLE.len()));
    assert!(compared.status.success());
}
