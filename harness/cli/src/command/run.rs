//! `certbench run SUITE --bench B`: resolve, rehearse, arm, perform, judge, report.

use crate::exit::Exit;
use crate::inputs::{Files, load};
use crate::operator::read_answers;
use crate::session::{Order, perform};
use crate::{say, say_on};
use certbench_model::text::Lang;
use certbench_reports::brief;
use certbench_run::{Control, StopRequest};
use std::io::IsTerminal;
use std::path::PathBuf;

/// Run a suite on a bench.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    files: Files,
    /// Folder for run folders and the bench's ledger
    #[arg(long, default_value = "runs")]
    out: PathBuf,
    /// Arm without asking; only where no device is physical
    #[arg(long)]
    yes: bool,
    /// Prepared answers to prompts (YAML: `answers: { prompt-id: [yes] }`)
    #[arg(long)]
    answers: Option<PathBuf>,
    /// Keep every byte that goes over the links in the record, as `wire.mcap`
    #[arg(long)]
    wire: bool,
    /// Language of the prompts and of the findings
    #[arg(long, value_enum, default_value_t = Language::En)]
    lang: Language,
    /// Which time: real, or the simulated clock, on which a simulated bench is joined in-process and
    /// the same seed gives the same findings, byte for byte
    #[arg(long, value_enum, default_value_t = Time::Real)]
    clock: Time,
}

/// Languages on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    /// English
    En,
    /// Chinese
    Zh,
}

impl From<Language> for Lang {
    fn from(language: Language) -> Lang {
        match language {
            Language::En => Lang::En,
            Language::Zh => Lang::Zh,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Time {
    Real,
    Simulated,
}

/// Runs.
pub(crate) fn run(args: &Args) -> anyhow::Result<Exit> {
    let answers = args.answers.as_deref().map(read_answers).transpose();
    let answers = match answers {
        Ok(answers) => answers,
        Err(error) => {
            eprintln!("certbench: {error:#}");
            return Ok(Exit::Usage);
        }
    };
    let plan = match load(&args.files)? {
        Ok(plan) => plan,
        Err(exit) => return Ok(exit),
    };
    let done = perform(
        plan,
        &Order {
            bench: &args.files.bench,
            out: &args.out,
            yes: args.yes,
            answers,
            lang: args.lang.into(),
            terminal: std::io::stdin().is_terminal(),
            label: "",
            narrate: true,
            wire: args.wire,
            simulated_clock: args.clock == Time::Simulated,
        },
    )?;
    say_on!("{}", brief(&done.findings, args.lang.into()));
    say!("{}", done.folder.display());
    Ok(done.exit())
}

/// First Ctrl-C (or SIGTERM): safe state, and the record finished as aborted. Second: leave now; the
/// halt is still sent. Ends when dropped.
pub(crate) fn stop_on_signals(control: Control) -> impl Drop {
    struct Over(
        Option<tokio::sync::oneshot::Sender<()>>,
        Option<std::thread::JoinHandle<()>>,
    );
    impl Drop for Over {
        fn drop(&mut self) {
            self.0.take();
            if let Some(thread) = self.1.take() {
                let _ = thread.join();
            }
        }
    }
    let (over, mut until) = tokio::sync::oneshot::channel::<()>();
    let thread = std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
        else {
            return;
        };
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            loop {
                tokio::select! {
                    _ = &mut until => return,
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                match control.stop() {
                    StopRequest::SafeState => {
                        eprintln!("\ncertbench: stopping: everything goes to its safe state; once more to leave at once");
                    }
                    StopRequest::Leave => {
                        eprintln!("\ncertbench: leaving; the halt was sent again");
                        std::thread::sleep(std::time::Duration::from_millis(200));
                        std::process::exit(4);
                    }
                }
            }
        });
    });
    Over(Some(over), Some(thread))
}
