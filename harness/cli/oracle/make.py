#!/usr/bin/env python3
"""Writes oracle.json: inputs by integer formulas, results as they were printed by an independent
numpy/scipy computation (or by the source named). Nothing here comes from certbench itself.

An expected value is a text: it holds to within half a unit of its last printed digit.
"""
import json
import math
import pathlib

vectors = []


def vector(source, function, inputs, **expect):
    vectors.append({"source": source, "function": function, "input": inputs, "expect": expect})


def r(x):
    return round(x, 9)


def scatter(j):
    return [0.001 * ((7 * j) % 13 - 6), 0.001 * ((11 * j) % 17 - 8), 0.001 * ((5 * j) % 19 - 9)]


def at(base, j, off=(0, 0, 0)):
    return [r(b + s + o) for b, s, o in zip(base, scatter(j), off)]


ISO = "ISO 9283:1998"
command = [500, -200, 350]
poses = [at(command, j, (0.012, -0.005, 0.020)) for j in range(30)]
vector(ISO, "pose-accuracy", {"attained": poses, "command": command},
       AP_p="0.02328652", AP_x="0.0117333", AP_y="-0.0048000", AP_z="0.0195333")
vector(ISO, "pose-repeatability", {"attained": poses},
       mean_distance="0.00792838", S_l="0.00243789", RP_l="0.01524205")
for name, base, angles, ap, rp in [
    ("a", 10, [10 + 0.001 * ((3 * j) % 7 - 3) + 0.004 for j in range(30)], "0.0039", "0.00612034"),
    ("b", -5, [-5 + 0.001 * ((9 * j) % 11 - 5) for j in range(30)], "0.0001", "0.00994519"),
    ("c", 90, [90 + 0.001 * ((4 * j) % 9 - 4) - 0.002 for j in range(30)], "-0.002", "0.00811129"),
]:
    vector(ISO, "angle", {"angles": [r(a) for a in angles], "command": base}, AP=ap, RP=rp)
vector("wrapped angles", "angle", {"angles": [179.9, -179.9, 179.8, -179.8, 180], "command": 180},
       AP="0.0000", RP="0.474342")
shift = [(0.010, 0, 0), (0, -0.008, 0.004), (-0.006, 0.003, 0)]
vector(ISO, "variation",
       {"series": [[at(command, j + 10 * h, shift[h]) for j in range(30)] for h in range(3)]},
       vAP="0.01585633")
p2, p4 = [400, 100, 300], [700, -100, 600]
vector(ISO, "distance",
       {"first": [at(p2, j) for j in range(30)],
        "second": [at(p4, j + 4, (0.030, -0.010, 0.020)) for j in range(30)],
        "commands": [p2, p4]},
       AD="0.03673466", RD="0.01486004")


def second_order(i):
    zeta, omega, t = 0.3, 2 * math.pi * 8, i / 1000
    root = math.sqrt(1 - zeta * zeta)
    phase = omega * root * t
    return 100 * (1 - math.exp(-zeta * omega * t) * (math.cos(phase) + zeta / root * math.sin(phase)))


vector(ISO, "settle",
       {"interval_s": 0.001, "positions": [round(second_order(i), 6) for i in range(800)],
        "rest": 100, "band": 0.05},
       stabilization_s="0.443", overshoot="37.2217")
drift = [0.100 + 0.080 * (1 - math.exp(-t / 60)) for t in range(0, 481, 10)]
vector(ISO, "drift", {"interval_s": 600, "AP": [r(a) for a in drift], "first_s": 3600, "share": 0.1},
       dAP="0.0799732", stops_s="9000")
vector(ISO, "variation",
       {"series": [[p] for p in [[0, 0, 0], [0.10, -0.05, 0.02], [-0.04, 0.08, 0.01],
                                 [0.06, 0.03, -0.07], [-0.09, -0.02, 0.05]]]},
       vAP="0.19849433")
planes = [[[0, r(0.01 * i + 0.001 * ((7 * j + 3 * i) % 11 - 5)),
            r(-0.02 * (i == 3) + 0.001 * ((5 * j + 2 * i) % 13 - 6))] for j in range(10)]
          for i in range(5)]
vector(ISO, "path", {"crossings": planes, "command": [[0, 0, 0]] * 5},
       AT_p="0.0400005", RT_p="0.01127051")


def arc(radius):
    return [[0, r(radius - radius * math.sin(math.radians(d))), r(radius - radius * math.cos(math.radians(d)))]
            for d in range(0, 91, 5)]


vector(ISO, "corner", {"paths": [arc(x) for x in (2.0, 2.1, 2.2)], "corner": [0, 0, 0]}, CR="0.869848")
vector(ISO, "path-velocity",
       {"passes": [[r(250 + 0.5 * ((3 * j + 5 * i) % 7 - 3) - 0.8 + 0.05 * j) for i in range(6)]
                   for j in range(10)], "command": 250},
       mean="249.433333", AV="-0.226667", RV="0.265832", FV="3.0")
vector(ISO, "compliance",
       {"steps": [[10 * q, r(0.0021 * 10 * q + 0.0005 * ((3 * q) % 5 - 2))] for q in range(1, 11)]},
       full_load="0.00209", worst="0.00215", slope="0.00209870")
vector(ISO, "cube", {"centre": [700, 0, 600], "edge": 500, "inset": 0.1},
       diagonal="866.0254", P2_x="900", P2_y="200", P2_z="800", P4_x="500", P4_y="-200", P4_z="400")

vector("ISO 10218-1:2011, annex B", "stop",
       {"speeds": [[i / 1000, r(max(0.0, 120 - 600 * max(0.0, i / 1000 - 0.020)))] for i in range(-50, 401)],
        "rest_below": 0.5, "dwell_s": 0.1},
       time_s="0.220", distance="14.400")
for t, d, s in [(0.03, 14, 100), (0.10, 14, 200), (0.25, 14, 500), (0.25, 30, 528), (0.30, 14, 500),
                (0.35, 30, 688), (0.30, 50, 1330)]:
    vector("ISO 13855:2010", "safeguard", {"t_s": t, "d_mm": d}, S=str(s))
for region, force, factor, mass, stiffness, mu, v in [
    ("back", 210, 2, 40, 35000, "10.9091", "0.6797"), ("hand", 140, 2, 0.6, 75000, "0.5769", "1.3461"),
    ("thigh", 220, 2, 75, 50000, "12.5", "0.5566")]:
    vector("ISO/TS 15066:2016, annex A: " + region, "contact",
           {"body_kg": mass, "moving_kg": 20, "load_kg": 5, "force_n": force * factor,
            "stiffness_n_per_m": stiffness}, mu=mu, speed=v)
vector("ISO/TS 15066:2016, 5.5.4", "separation",
       {"person_m_per_s": 1.6, "robot_m_per_s": 1, "reaction_s": 0.1, "stopping_s": 0.3,
        "braking_m": 0.15, "intrusion_m": 0.1, "person_u_m": 0.05, "robot_u_m": 0.02}, S_p="1.06")
vector("ISO 13849-1:2023", "performance-level",
       {"days": 220, "hours": 16, "cycle_s": 60, "b10d": 1000000, "series": [50, 80, 200],
        "channels": [100, 30], "coverage": [[50, 0.99], [80, 0.90], [200, 0.60]]},
       n_op="211200", MTTF_D="47.3485", T10D="4.7348", series="26.6667", symmetrized="71.2821",
       DC_avg="0.9080")
vector("copper winding", "winding-rise",
       {"cold_ohm": 2.0, "hot_ohm": 2.54, "cold_c": 22, "coolant_c": 25, "k": 235}, rise="66.39")

H1 = "JCGM 100:2008, H.1"
vector(H1, "combine", {"u": [25, 9.7, 2.9, 16.6], "nu": [18, 25.6, 50, 2]}, u_c="31.67", nu_eff="16")
for nu, k in [(1, "13.968"), (2, "4.527"), (3, "3.307"), (4, "2.869"), (5, "2.649"), (10, "2.284"),
              (20, "2.133"), (50, "2.051"), (100, "2.025")]:
    vector("JCGM 100:2008, table G.2", "coverage-factor", {"nu": nu, "coverage": 0.9545}, k=k)
G8 = "ILAC-G8:09/2019, 4.2.3"
for y, word in [(0.0440, 0), (0.0460, 0), (0.0461, 1), (0.0500, 1), (0.0501, 2), (0.0540, 2), (0.0541, 3)]:
    vector(G8, "decide", {"value": y, "upper": 0.050, "w": 0.004}, outcome=str(word))
for y, p in [(0.0460, "0.02275"), (0.0461, "0.02559"), (0.0500, "0.50000"), (0.0540, "0.97725")]:
    vector("JCGM 106:2012", "false-accept", {"value": y, "u": 0.002, "upper": 0.050}, risk=p)
for k, n, cp, wilson, jeffreys in [
    (81, 263, ("0.252737", "0.367622"), ("0.255289", "0.366210"), ("0.254522", "0.365647")),
    (15, 148, ("0.057844", "0.161650"), ("0.062386", "0.160487"), ("0.060449", "0.157643")),
    (1, 29, ("0.000873", "0.177644"), ("0.006113", "0.171755"), ("0.003746", "0.150078")),
    (29, 30, ("0.827831", "0.999156"), ("0.833296", "0.994091"), ("0.854582", "0.996380")),
    (45, 50, ("0.781865", "0.966725"), ("0.786398", "0.956524"), ("0.794645", "0.960806")),
    (95, 100, ("0.887165", "0.983568"), ("0.888250", "0.978456"), ("0.893900", "0.980668"))]:
    vector("Newcombe 1998", "share", {"k": k, "n": n, "confidence": 0.95},
           clopper_pearson_low=cp[0], clopper_pearson_high=cp[1], wilson_low=wilson[0],
           wilson_high=wilson[1], jeffreys_low=jeffreys[0], jeffreys_high=jeffreys[1])
for k, n, low in [(30, 30, "0.904966"), (29, 30, "0.851404"), (59, 59, "0.950492"), (92, 93, "0.950006"),
                  (299, 299, "0.990031")]:
    vector("Clopper-Pearson, one-sided", "lower-bound", {"k": k, "n": n, "confidence": 0.95}, lower=low)
for rel, conf, row in [(0.8, 0.8, (8, 14, 21, 27, 33, 39)), (0.9, 0.9, (22, 38, 52, 65, 78, 91)),
                       (0.95, 0.95, (59, 93, 124, 153, 181, 208)), (0.99, 0.95, (299, 473, 628, 773, 913, 1049))]:
    vector("success-run theorem", "required-trials",
           {"reliability": rel, "confidence": conf, "failures": list(range(6))},
           **{f"n_{i}": str(n) for i, n in enumerate(row)})
vector("Wald 1945", "sprt", {"good": 0.95, "bad": 0.85, "alpha": 0.05, "beta": 0.10},
       A="2.890372", B="-2.251292", success="-0.1112256", failure="1.0986123",
       asn_good="39.31", asn_bad="33.82", slope="0.908066", accept="1.860821", reject="-2.389057",
       n="77", c="7")
vector("operating characteristic, n 50, c 2", "oc", {"n": 50, "c": 2, "p": [0.99, 0.98, 0.95, 0.90, 0.85, 0.80]},
       p_0="0.986183", p_1="0.921572", p_2="0.540533", p_3="0.111729", p_4="0.014189", p_5="0.001285")
vector("Fisher; Newcombe 1998", "two-shares", {"a": [46, 50], "b": [38, 50], "confidence": 0.95},
       fisher="0.053765", low="0.014532", high="0.302609")
f1 = [12.1, 12.4, 11.9, 12.3, 12.0, 12.2, 12.5, 11.8, 12.1, 12.3]
f2 = [11.6, 11.9, 11.5, 12.0, 11.7, 11.4, 11.8, 11.9, 11.6, 11.7]
vector("two hands' forces", "two-samples", {"a": f1, "b": f2, "confidence": 0.95},
       mean="12.16", s="0.222111", low="12.001111", high="12.318889", ks="0.7", ks_p="0.0123406",
       welch_p="0.000134787", mann_whitney_p="0.00096436")
for n, k in [(5, "4.2027"), (10, "2.9110"), (20, "2.3960"), (30, "2.2198"), (50, "2.0650")]:
    vector("ISO 16269-6:2014", "tolerance-factor", {"n": n, "share": 0.95, "confidence": 0.95}, k=k)
vector("ISO 16269-6:2014", "tolerance-minimum", {"share": 0.95, "confidence": 0.95}, n="59")
vector("Butterworth, order 2, 100 Hz at 1 kHz", "butterworth", {"order": 2, "cutoff_hz": 100, "rate_hz": 1000},
       b0="0.06745527", b1="0.13491055", b2="0.06745527", a1="-1.14298050", a2="0.41280160")

lines = ",\n".join(json.dumps(v) for v in vectors)
here = pathlib.Path(__file__).parent
(here / "oracle.json").write_text("[\n" + lines + "\n]\n")
print(len(vectors), sum(len(v["expect"]) for v in vectors))
