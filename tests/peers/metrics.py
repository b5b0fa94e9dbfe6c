"""Computes every formula of the judge a second time, with numpy and scipy, from the formulas alone.

    metrics.py CASES.json

CASES.json is a list of {"metric", "in", "out"}: numbers that went into the judge and what came out
(tests/tests/peers_metrics.rs). Each function here has its own code, from the standard or paper that the
judge's file names. A number agrees when it differs by at most 1e-9 of its size, or by 1e-12 where it
should be zero; LOOSE names the few that are found by a search and agree to less. Prints one JSON object;
exit code 0 when everything agrees.
"""

import json
import math
import sys
from itertools import combinations

import numpy as np
from scipy import integrate, optimize, signal, special, stats
from scipy.spatial.transform import Rotation

RELATIVE, ABSOLUTE = 1e-9, 1e-12
# A least-squares fit that is not linear is found by a search on either side.
LOOSE = {"friction": 1e-5}

METRICS = {}


def metric(name):
    def keep(function):
        METRICS[name] = function
        return function

    return keep


def wrap(angles):
    """Into [-180, 180)."""
    return (np.asarray(angles, float) + 180.0) % 360.0 - 180.0


def rp(points):
    points = np.asarray(points, float)
    distances = np.linalg.norm(points - points.mean(axis=0), axis=1)
    return distances.mean() + 3 * distances.std(ddof=1), distances.mean(), distances.std(ddof=1)


def line(pairs):
    x, y = np.asarray(pairs, float).T
    fit = stats.linregress(x, y)
    residuals = y - fit.intercept - fit.slope * x
    return fit, residuals


# --- ISO 9283 -----------------------------------------------------------------------------------------


@metric("pose")
def pose(command, attained):
    points, command = np.array(attained), np.array(command)
    off = points.mean(axis=0) - command
    ap = np.linalg.norm(off)
    n = len(points)
    value, mean, s = rp(points)
    left_out = np.array([rp(np.delete(points, j, axis=0))[0] for j in range(n)])
    return {
        "ap": ap,
        "components": off,
        "s_along": ((points - points.mean(axis=0)) @ (off / ap)).std(ddof=1),
        "mean": mean,
        "s": s,
        "rp": value,
        "u_rp": math.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum()),
    }


@metric("angle")
def angle(command, angles):
    off = wrap(np.array(angles) - command)
    return {"ap": off.mean(), "rp": 3 * off.std(ddof=1)}


@metric("condition")
def condition(u, value, sigma):
    maxwell = stats.maxwell(scale=sigma) if sigma > 0 else None
    noise = maxwell.mean() + 3 * maxwell.std() if maxwell else 0.0
    return {"share": u / abs(value), "met": u / abs(value) <= 0.25, "noise": noise}


@metric("variation")
def variation(series):
    series = [np.array(s) for s in series]
    means = [s.mean(axis=0) for s in series]
    far, h, k = max((np.linalg.norm(means[h] - means[k]), h, k) for h, k in combinations(range(len(means)), 2))
    along = (means[h] - means[k]) / far
    u = math.hypot(*((series[i] @ along).std(ddof=1) / math.sqrt(len(series[i])) for i in (h, k)))
    return {"value": far, "u": u, "nu": min(len(series[h]), len(series[k])) - 1}


@metric("angle-variation")
def angle_variation(command, series):
    means = [wrap(np.array(s) - command).mean() for s in series]
    return {"value": max(abs(a - b) for a, b in combinations(means, 2))}


@metric("distance")
def distance(first, second, commands):
    first, second, commands = np.array(first), np.array(second), np.array(commands)
    attained = np.linalg.norm(first - second, axis=1)
    axes = np.abs(first - second)
    rd = 3 * attained.std(ddof=1)
    return {
        "ad": attained.mean() - np.linalg.norm(commands[0] - commands[1]),
        "rd": rd,
        "u_rd": rd / math.sqrt(2 * (len(first) - 1)),
        "ad_axes": axes.mean(axis=0) - np.abs(commands[0] - commands[1]),
        "rd_axes": 3 * axes.std(axis=0, ddof=1),
    }


def settled(samples, rest, band):
    t = np.array([s[0] for s in samples])
    x = np.array([s[1] for s in samples]) - np.array(rest)
    far = np.linalg.norm(x, axis=1)
    if far[0] <= band:
        return None
    crossed = None
    for i in range(len(x) - 1):
        step = x[i + 1] - x[i]
        square = step @ step
        share = min(1.0, max(0.0, -(x[i] @ step) / square)) if square > 0 else 0.0
        if np.linalg.norm(x[i] + share * step) <= band:
            crossed = i + 1
            break
    outside = np.flatnonzero(far > band)
    if crossed is None or outside[-1] + 1 >= len(x):
        return None
    stays = max(outside[-1] + 1, crossed)
    overshoot = far[crossed:].max() if outside[-1] >= crossed else 0.0
    return t, crossed, int(stays), t[stays] - t[crossed], overshoot


@metric("settle")
def settle(samples, rest, band):
    seen = settled(samples, rest, band)
    if seen is None:
        return {"time": None, "overshoot": None, "crossed": None, "stays": None}
    _, crossed, stays, time, overshoot = seen
    return {"time": time, "overshoot": overshoot, "crossed": crossed, "stays": stays}


@metric("posing")
def posing(samples, rest, band, left):
    seen = settled(samples, rest, band)
    start = np.array(samples[0][1])
    away = [i for i, s in enumerate(samples) if np.linalg.norm(np.array(s[1]) - start) > left]
    if seen is None or not away:
        return {"time": None}
    t, _, stays, _, _ = seen
    return {"time": t[stays] - t[max(away[0] - 1, 0)]}


@metric("drift")
def drift(command, t, attained):
    ap = [np.linalg.norm(np.mean(g, axis=0) - np.array(command)) for g in attained]
    rps = [rp(g)[0] for g in attained]
    rates = [abs((b - a) / (v - u)) for a, b, u, v in zip(ap, ap[1:], t, t[1:])]
    largest = max([r for r, end in zip(rates, t[1:]) if end - t[0] <= 1800.0], default=0.0)
    stops = [i + 1 for i, r in enumerate(rates) if t[i + 1] - t[0] > 1800.0 and r < 0.5 * largest]
    return {
        "d_ap": max(abs(a - ap[0]) for a in ap[1:]),
        "d_rp": max(abs(r - rps[0]) for r in rps[1:]),
        "stop": stops[0] if stops else None,
    }


@metric("angle-drift")
def angle_drift(groups):
    # About the mean direction of the first group, as vectors: no command and no first visit.
    start = math.degrees(np.angle(np.exp(1j * np.radians(groups[0])).sum()))
    away = [(np.array(g) - start + 180) % 360 - 180 for g in groups]
    means = [a.mean() for a in away]
    rps = [3 * a.std(ddof=1) for a in away]
    return {
        "d_ap": max(abs(m - means[0]) for m in means[1:]),
        "d_rp": max(abs(r - rps[0]) for r in rps[1:]),
    }


@metric("path")
def path(command, crossings):
    at = [np.linalg.norm(np.mean(c, axis=0) - np.array(p)) for c, p in zip(crossings, command)]
    rt = [rp(c)[0] for c in crossings]
    return {"at": at, "at_p": max(at), "rt": rt, "rt_p": max(rt)}


@metric("crossing")
def crossing(path, x):
    path = np.array(path)
    i = int(np.flatnonzero((path[:-1, 0] < x) & (path[1:, 0] >= x))[0])
    at = [np.interp(x, path[i : i + 2, 0], path[i : i + 2, axis]) for axis in range(3)]
    return {"at": at, "before": i, "share": (x - path[i, 0]) / (path[i + 1, 0] - path[i, 0])}


@metric("corner")
def corner(path):
    path = np.array(path)
    near = []
    for a, b in zip(path, path[1:]):
        best = optimize.minimize_scalar(
            lambda s: np.sum((a + s * (b - a)) ** 2), bounds=(0, 1), method="bounded", options={"xatol": 1e-12}
        )
        # The search says where; the exact foot of the perpendicular follows.
        share = min(1.0, max(0.0, -(a @ (b - a)) / ((b - a) @ (b - a))))
        assert abs(share - best.x) < 1e-4 or np.allclose(a, b)
        near.append(np.linalg.norm(a + share * (b - a)))
    beyond = [math.hypot(p[0], p[1]) for p in path if p[1] < 0]
    return {"cr": min(near), "co": max(beyond, default=0.0)}


@metric("velocity")
def velocity(command, passes):
    means = np.array([np.mean(p) for p in passes])
    return {
        "av": 100 * (means.mean() / command - 1),
        "rv": 100 * 3 * means.std(ddof=1) / command,
        "fv": max(np.ptp(p) for p in passes),
    }


@metric("compliance")
def compliance(steps):
    force, moved = np.array(steps).T
    (slope,), _, _, _ = np.linalg.lstsq(force[:, None], moved, rcond=None)
    s = math.sqrt(((moved - slope * force) ** 2).sum() / (len(force) - 1))
    full = force.argmax()
    return {
        "full": moved[full] / force[full],
        "worst": (moved / force).max(),
        "slope": slope,
        "u": s / np.linalg.norm(force),
    }


@metric("weave")
def weave(attained, command):
    return {"percent": 100 * (attained / command - 1)}


@metric("cube")
def cube(centre, edge, share):
    """C1 to C4 are the upper corners from (+x, +y) on through (+x, -y), C5 to C8 lie below them."""
    top = [(1, 1), (1, -1), (-1, -1), (-1, 1)]
    corner = [np.array((*xy, z)) * edge / 2 for z in (1, -1) for xy in top]
    planes = [(1, 2, 7, 8), (2, 3, 8, 5), (3, 4, 5, 6), (4, 1, 6, 7)]
    centre = np.array(centre)
    poses, circles = [], []
    for plane in planes:
        a, b, c, d = (corner[i - 1] for i in plane)
        assert np.allclose(a + c, 0) and np.allclose(b + d, 0)
        poses.append([centre, *(centre + 0.8 * k for k in (a, b, c, d))])
        along, up = (a - b) / np.linalg.norm(a - b), (a - d) / np.linalg.norm(a - d)
        assert abs(along @ up) < 1e-12
        r = share * min(np.linalg.norm(a - b), np.linalg.norm(a - d)) / 2
        circles.append([centre + r * along, centre + r * up, centre - r * along, centre - r * up])
    return {"poses": poses, "circles": circles, "diagonal": edge * math.sqrt(3)}


@metric("circle")
def circle(points, n):
    """The centre has one distance from all three and lies in their plane: linear equations."""
    a, b, c = (np.array(p) for p in points)
    normal = np.cross(b - a, c - a)
    left = np.array([2 * (b - a), 2 * (c - a), normal])
    right = np.array([b @ b - a @ a, c @ c - a @ a, normal @ a])
    centre = np.linalg.solve(left, right)
    begin = a - centre
    axis = normal / np.linalg.norm(normal)
    at, normals = [], []
    for i in range(n):
        turn = (i + 0.5) * 2 * math.pi / n
        # Rodrigues' formula, about the axis that a, b and c go round to the left.
        out = begin * math.cos(turn) + np.cross(axis, begin) * math.sin(turn)
        at.append(centre + out)
        normals.append(np.cross(axis, out) / np.linalg.norm(out))
    return {"at": at, "normals": normals, "along": 2 * math.pi / n * np.linalg.norm(begin)}


@metric("path-angles")
def path_angles(command, crossings):
    off = [wrap(np.array(angles) - c) for angles, c in zip(crossings, command)]
    at = [abs(o.mean()) for o in off]
    rt = [3 * o.std(ddof=1) for o in off]
    return {"at": at, "at_a": max(at), "rt": rt, "rt_a": max(rt)}


@metric("droop")
def droop(**sets):
    off = np.mean(sets["with"], axis=0) - np.mean(sets["without"], axis=0)
    return {"components": off, "magnitude": np.linalg.norm(off)}


@metric("hold-drift")
def hold_drift(samples, edge):
    t, y = np.array(samples).T
    first, last = y[t <= t[0] + edge], y[t >= t[-1] - edge]
    u = math.hypot(*(part.std(ddof=1) / math.sqrt(len(part)) for part in (first, last)))
    return {"change": last.mean() - first.mean(), "u": u, "slope": np.polynomial.Polynomial.fit(t, y, 1).convert().coef[1]}


@metric("largest-departure")
def largest_departure(samples, edge, sigma, n):
    t = np.array([row[0] for row in samples])
    p = np.array([row[1] for row in samples])
    first = p[t <= t[0] + edge]
    away = np.linalg.norm(p - first.mean(axis=0), axis=1)
    u = (first.std(axis=0, ddof=1) / math.sqrt(len(first))).max()
    largest = integrate.quad(lambda x: x * 2 * n * stats.norm.pdf(x) * stats.norm.cdf(x) ** (2 * n - 1), -12, 12, epsabs=1e-13, epsrel=1e-13, limit=500)[0]
    return {"largest": away.max(), "u": u, "lift": math.sqrt(3) * sigma * largest}


# --- hands --------------------------------------------------------------------------------------------


def survival(lives):
    """Times of failure, the product-limit curve and Greenwood's error."""
    curve, s, green = [], 1.0, 0.0
    for t in sorted({t for t, failed in lives if failed}):
        risk = sum(1 for u, _ in lives if u >= t)
        died = sum(1 for u, failed in lives if failed and u == t)
        s *= (risk - died) / risk
        green += died / (risk * (risk - died)) if risk > died else math.inf
        curve.append([t, s, s * math.sqrt(green) if s > 0 else 0.0])
    return curve


@metric("censored")
def censored(trials):
    values = np.array([v for v, _ in trials])
    n, some = len(values), any(c for _, c in trials)
    curve = survival([(v, not c) for v, c in trials])
    ranks = [r for r in range(1, n + 1) if stats.binom.cdf(r - 1, n, 0.05) <= 0.05]
    k = stats.nct.ppf(0.95, n - 1, stats.norm.ppf(0.95) * math.sqrt(n)) / math.sqrt(n)
    return {
        "mean": values.mean(),
        "s": values.std(ddof=1),
        "least": values.min(),
        "median": next((t for t, s, _ in curve if s <= 0.5 + 1e-12), None),
        "ordered": np.sort(values)[max(ranks) - 1] if ranks else None,
        "normal": None if some else values.mean() - k * values.std(ddof=1),
    }


@metric("split")
def split(first, second, normal):
    first, second, normal = np.array(first), np.array(second), np.array(normal)
    normal = normal / np.linalg.norm(normal)
    a, b = -first @ normal, second @ normal
    shear = max(np.linalg.norm(np.cross(f, normal)) for f in (first, second))
    return {"internal": (a + b) / 2, "imbalance": a - b, "shear": shear}


@metric("grasp-efficiency")
def grasp_efficiency(samples, mu, contacts):
    shares = [abs(pull) / (contacts * mu * grip) for pull, grip in samples if grip > 0]
    return {"mean": np.mean(shares), "worst": max(shares)}


@metric("slip-drop")
def slip_drop(samples, onset, drop):
    t, f = np.array(samples).T
    begun = np.flatnonzero(f > onset)[0]
    top = begun + int(np.argmax(f[begun:]))
    fallen = np.flatnonzero(f[top:] <= (1 - drop) * f[top])
    return {"resistance": f[top], "at": t[top], "slipped": t[top + fallen[0]] if len(fallen) else None}


@metric("slip-displacement")
def slip_displacement(force, moved, allowed):
    slipped = next((t for t, x in moved if abs(x) > allowed), None)
    held = [(f, t) for t, f in force if slipped is None or t <= slipped]
    most = max(f for f, _ in held)
    return {"resistance": most, "at": min(t for f, t in held if f == most), "slipped": slipped}


@metric("cycle")
def cycle(samples, full, none, delay):
    t, f = np.array(samples).T
    grasped = int(np.argmax(f >= full))
    released = grasped + int(np.argmax(f[grasped:] <= none))
    width = lambda i: [max(t[i - 1] - delay[1], 0.0), max(t[i] - delay[0], 0.0)]  # noqa: E731
    return {"grasped": width(grasped), "released": width(released)}


@metric("synchrony")
def synchrony(arrivals):
    return {"spread": np.ptp(arrivals)}


@metric("finger-repeatability")
def finger_repeatability(attained):
    spread = 3 * np.std(attained, ddof=1)
    return {"spread": spread, "u": spread / math.sqrt(2 * len(attained) - 2), "mean": np.mean(attained)}


@metric("tracking")
def tracking(measured, profile, most, steps):
    (t, f), (pt, pf) = np.array(measured).T, np.array(profile).T

    def errors(delay):
        at = t - delay
        inside = (at >= pt[0]) & (at <= pt[-1])
        return f[inside] - np.interp(at[inside], pt, pf)

    rms = lambda e: math.sqrt(np.mean(e**2))  # noqa: E731
    delays = [most * i / steps for i in range(steps + 1)]
    best = min(delays, key=lambda d: rms(errors(d)))
    direct = errors(0.0)
    return {
        "n": len(direct),
        "bias": direct.mean(),
        "rms": rms(direct),
        "largest": np.abs(direct).max(),
        "delay": best,
        "rms_delayed": rms(errors(best)),
    }


@metric("touch")
def touch(force, reported):
    t, f = np.array(force).T
    low, high = reported
    seen = np.concatenate([np.interp(reported, t, f), f[(t >= low) & (t <= high)]])
    return {"felt": [seen.min(), seen.max()]}


@metric("calibration")
def calibration(pairs):
    fit, residuals = line(pairs)
    error = max(abs(b - a) for a, b in pairs)
    return {"gain": fit.slope, "offset": fit.intercept, "error": error, "departure": np.abs(residuals).max()}


@metric("vector")
def vector(reference, indicated):
    a, b = np.array(reference), np.array(indicated)
    angle = math.atan2(np.linalg.norm(np.cross(a, b)), a @ b)
    return {"size": np.linalg.norm(b) - np.linalg.norm(a), "angle": math.degrees(angle)}


@metric("stiffness")
def stiffness(pairs):
    fit, _ = line(pairs)
    return {"k": fit.slope, "u": fit.stderr}


@metric("pose-error")
def pose_error(positions, rotations):
    p, q = map(np.array, positions)
    a, b = (np.array(r) / np.linalg.norm(r) for r in rotations)
    # Hamilton's product of the inverse of one with the other: its vector part is the sine of half.
    w = a @ b
    v = a[0] * b[1:] - b[0] * a[1:] - np.cross(a[1:], b[1:])
    return {"distance": np.linalg.norm(p - q), "angle": math.degrees(2 * math.atan2(np.linalg.norm(v), abs(w)))}


@metric("moved-error")
def moved_error(before, after, commanded):
    (p, a), (q, b), (d, c) = [
        (np.array(x), Rotation.from_quat([*r[1:], r[0]])) for x, r in (before, after, commanded)
    ]
    return {
        "distance": np.linalg.norm(q - p - d),
        "angle": math.degrees(((c * a).inv() * b).magnitude()),
    }


# --- stops, contact, heat -----------------------------------------------------------------------------


@metric("peak")
def peak(values, order, cutoff, rate, n):
    sections = signal.butter(order, cutoff, fs=rate, output="sos")
    # From rest at the first value, as an instrument that has been connected for long.
    state = signal.sosfilt_zi(sections) * values[0]
    filtered, _ = signal.sosfilt(sections, values, zi=state)
    impulse = signal.sosfilt(sections, np.eye(1, 8192 - 4096)[0])
    above = integrate.quad(lambda x: -np.expm1(n * special.log_ndtr(x)), 0, 40, limit=400, epsabs=1e-14)[0]
    below = integrate.quad(lambda x: np.exp(n * special.log_ndtr(x)), -40, 0, limit=400, epsabs=1e-14)[0]
    return {
        "peak": filtered.max(),
        "index": int(filtered.argmax()),
        "bias": above - below,
        "gain": np.linalg.norm(impulse),
    }


@metric("stop")
def stop(speeds, trigger, delay, below, dwell):
    t, v = np.array(speeds).T
    x = integrate.cumulative_trapezoid(v, t, initial=0)
    moving = np.flatnonzero(np.abs(v) >= below)[-1]
    rest = [t[moving] - delay[1], t[moving + 1] - delay[0]]
    final = x[t >= t[-1] - dwell].mean()
    shown = [trigger[0] + delay[0], trigger[1] + delay[1]]
    travel = [abs(final - np.interp(s, t, x)) for s in shown]
    return {
        "time": rest[1] - trigger[0],
        "width": (rest[1] - rest[0]) + (trigger[1] - trigger[0]),
        "distance": max(travel),
        "distance_width": abs(travel[0] - travel[1]),
        "speed": abs(np.interp(shown[0], t, v)),
    }


@metric("bounce")
def bounce(levels, positions):
    changes = [b[0] for a, b in zip(levels, levels[1:]) if a[1] != b[1]]
    return {
        "changes": len(changes),
        "duration": changes[-1] - changes[0],
        "rebound": max(positions) - positions[-1],
    }


@metric("stress")
def stress(samples, least, most, field, recovery, helped):
    t, y = np.array(samples).T
    over = y - most if least is None else np.maximum(y - most, least - y)
    bad = t[(over > 0) & (t >= field[0])]
    from_then = [field[1], *helped]
    lasts = len(bad) > 0 and bad[-1] >= max(from_then) + recovery
    letter = "-" if lasts else "C" if helped else "B" if len(bad) else "A"
    return {
        "criterion": letter,
        "out": bad[-1] - bad[0] if len(bad) else 0.0,
        "beyond": over[t >= field[0]].max(),
        "fell": bad[0] if len(bad) else None,
    }


@metric("iso13855-2010")
def iso13855_2010(t, d, h):
    if d <= 40:
        c = max(8 * (d - 14), 0)
        s = max(2000 * t + c, 100)
        if s > 500:
            s = max(1600 * t + c, 500)
    else:
        s = 1600 * t + 850
    return {
        "perpendicular": s,
        "parallel": 1600 * t + max(1200 - 0.4 * h, 850),
        "two_hand": 1600 * t + 250,
    }


@metric("iso13855-2024")
def iso13855_2024(k, t, reach, z):
    return {"s": k * sum(t) + max(reach) + z}


@metric("pfl")
def pfl(moving, load, body, f, k):
    robot = moving / 2 + load
    mu = 1 / (1 / robot + 1 / body)
    return {"mu": mu, "v": f / math.sqrt(mu * k), "v_p": f * 0.7 / math.sqrt(mu * k), "energy": f**2 / 2 / k}


@metric("ssm")
def ssm(x):
    vh, vr, tr, ts, b, c, zd, zr = x
    return {"s": vh * (tr + ts) + vr * tr + b + c + zd + zr}


@metric("contact-split")
def contact_split(samples, onset, boundary):
    begun = next(t for t, f in samples if f > onset)
    transient = [f for t, f in samples if t >= begun and t - begun <= boundary]
    after = [f for t, f in samples if t - begun > boundary]
    return {"at": begun, "transient": max(transient), "quasi_static": max(after, default=None)}


@metric("winding")
def winding(r1, r2, t1, ta, k):
    hot = r2 / r1 * (k + t1) - k
    return {"rise": hot - ta}


@metric("switch-off")
def switch_off(readings, cold):
    t, r = np.array(readings).T
    fit = stats.linregress(t, np.log(r - cold))
    above = math.exp(fit.intercept)
    return {"ohm": cold + above, "u": above * fit.intercept_stderr}


@metric("steady")
def steady(samples, over):
    t, y = np.array(samples).T
    part = t >= t[-1] - over
    fit = stats.linregress(t[part] - (t[-1] - over / 2), y[part])
    return {"change": fit.slope * over, "u": fit.stderr * over, "mean": fit.intercept, "nu": int(part.sum()) - 2}


@metric("torque-at-rise")
def torque_at_rise(torque, rise, allowed):
    return {"torque": torque * math.sqrt(allowed / rise)}


@metric("payload-weight")
def payload_weight(load, mass):
    return {"ratio": load / mass}


# --- joints and sensors -------------------------------------------------------------------------------


@metric("torque-constant")
def torque_constant(pairs):
    fit, residuals = line(pairs)
    top = max(abs(t) for _, t in pairs)
    return {
        "kt": fit.slope,
        "u": fit.stderr,
        "offset": fit.intercept,
        "nonlinearity": np.abs(residuals).max() / top,
    }


@metric("play")
def play(path, at, **range_):
    torque, angle = np.array(path).T

    def cross(level, rising):
        found = []
        for i in range(len(torque) - 1):
            a, b = torque[i], torque[i + 1]
            if (a < level <= b) if rising else (a > level >= b):
                found.append(angle[i] + (level - a) / (b - a) * (angle[i + 1] - angle[i]))
        return np.mean(found)

    middle = lambda level: (cross(level, True) + cross(level, False)) / 2  # noqa: E731
    ends = [i for i in range(1, len(torque)) if range_["from"] <= torque[i] <= range_["to"] and torque[i] != torque[i - 1]]
    rising = np.array([torque[i] > torque[i - 1] for i in ends], float)
    x = np.column_stack([rising, 1 - rising, torque[ends]])
    c, _, _, _ = np.linalg.lstsq(x, angle[ends], rcond=None)
    s2 = ((angle[ends] - x @ c) ** 2).sum() / (len(ends) - 3)
    u = math.sqrt(s2 * np.linalg.inv(x.T @ x)[2, 2])
    return {
        "hysteresis": abs(cross(at, False) - cross(at, True)),
        "lost": abs(middle(at) - middle(-at)),
        "stiffness": 1 / c[2],
        "u": u / c[2] ** 2,
    }


@metric("friction")
def friction(pairs):
    v, t = np.array(pairs).T
    model = lambda v, c, dip, vs, b: c + dip * np.exp(-((v / vs) ** 2)) + b * v  # noqa: E731
    best = None
    for guess in (0.1, 0.3, 0.6, 1.2):
        try:
            p, _ = optimize.curve_fit(model, v, t, p0=[t.min(), np.ptp(t), guess, 0.1], xtol=1e-15, ftol=1e-15, gtol=1e-15)
        except RuntimeError:
            continue
        square = ((t - model(v, *p)) ** 2).sum()
        if best is None or square < best[0]:
            best = square, p
    square, (c, dip, vs, b) = best
    # The speed counts as known where the judge counts degrees of freedom.
    return {"coulomb": c, "breakaway": c + dip, "speed": abs(vs), "viscous": b, "s": math.sqrt(square / (len(v) - 3))}


@metric("ripple")
def ripple(samples, orders):
    deg, torque = np.array(samples).T
    phases = [np.radians(k * deg) for k in orders]
    x = np.column_stack([np.ones_like(deg)] + [f(p) for p in phases for f in (np.cos, np.sin)])
    c, _, _, _ = np.linalg.lstsq(x, torque, rcond=None)
    return {
        "mean": c[0],
        "amplitudes": [abs(complex(c[1 + 2 * i], c[2 + 2 * i])) for i in range(len(orders))],
        "peak": np.ptp(torque) / torque.mean(),
    }


@metric("efficiency")
def efficiency(x, u):
    value = x[0] * x[1] / x[2] / x[3]
    # The GUM's sum over partial derivatives.
    slopes = [value / x[0], value / x[1], -value / x[2], -value / x[3]]
    return {"value": value, "u": math.sqrt(sum((s * v) ** 2 for s, v in zip(slopes, u)))}


@metric("encoder")
def encoder(targets):
    mean = [[np.mean(side) for side in target] for target in targets]
    s = [[np.std(side, ddof=1) for side in target] for target in targets]
    high = max(m + 2 * t for ms, ss in zip(mean, s) for m, t in zip(ms, ss))
    low = min(m - 2 * t for ms, ss in zip(mean, s) for m, t in zip(ms, ss))
    backlash = [abs(m[0] - m[1]) for m in mean]
    both = [2 * t[0] + 2 * t[1] + b for t, b in zip(s, backlash)]
    return {
        "a": high - low,
        "e": np.max(mean) - np.min(mean),
        "r": max(max(both), 4 * np.max(s)),
        "b": max(backlash),
    }


@metric("linearity")
def linearity(steps, fs):
    fit, residuals = line(steps)
    return {
        "gain": fit.slope,
        "offset": fit.intercept,
        "nonlinearity": np.abs(residuals).max() / fs,
        "u": fit.stderr,
    }


@metric("hysteresis")
def hysteresis(up, down, fs):
    x, y = np.array(up).T
    return {"hysteresis": max(abs(i - np.interp(a, x, y)) for a, i in down) / fs}


@metric("crosstalk")
def crosstalk(applied, indicated, fs):
    x = np.column_stack([np.ones(len(applied)), np.array(applied)])
    c, _, _, _ = np.linalg.lstsq(x, np.array(indicated), rcond=None)
    matrix = c[1:].T
    shares = np.abs(matrix * np.array(fs)[None, :] / np.array(fs)[:, None])
    np.fill_diagonal(shares, 0)
    return {"matrix": matrix, "worst": shares.max()}


@metric("zero-drift")
def zero_drift(samples, edge, fs):
    t, y = np.array(samples).T
    zero = y[t <= t[0] + edge].mean()
    return {"most": np.abs(y - zero).max() / fs, "slope": stats.linregress(t, y).slope}


@metric("threshold")
def threshold(steps, reaction):
    silent = [a for a, i in steps if i <= reaction]
    after = [a for a, _ in steps if not silent or a > max(silent)]
    return {"threshold": min(after, default=None)}


@metric("iso13849")
def iso13849(days, hours, cycle, b10, parts):
    n = days * hours * 3600 / cycle
    years, dc = np.array(parts).T
    a, b = years[0], years[1]
    return {
        "n_op": n,
        "mttf": 10 * b10 / n,
        "t10": b10 / n,
        "series": 1 / (1 / years).sum(),
        "symmetrized": 2 / 3 * (a + b - a * b / (a + b)),
        "dc": np.average(dc, weights=1 / years),
    }


# --- statistics ---------------------------------------------------------------------------------------


@metric("departure")
def departure(samples, rest, factor):
    t, x = np.array(samples).T
    resting = x[t - t[0] <= rest]
    band = max(factor * resting.std(ddof=1), np.ptp(resting) / 2)
    last = np.flatnonzero(np.abs(x - resting.mean()) <= band)[-1]
    return {"lower": t[last], "upper": t[last + 1]}


@metric("summary")
def summary(values):
    mean, s = np.mean(values), np.std(values, ddof=1)
    half = stats.t.interval(0.95, len(values) - 1, loc=mean, scale=s / math.sqrt(len(values)))
    return {"mean": mean, "s": s, "interval": half}


@metric("combine")
def combine(parts):
    u, nu = np.array(parts).T
    total = math.sqrt((u**2).sum())
    effective = total**4 / (u**4 / nu).sum()
    k = stats.t.ppf((1 + 0.9545) / 2, math.floor(effective))
    return {"u": total, "nu": effective, "expanded": k * total, "k": k}


@metric("binomial")
def binomial(k, n, level):
    exact = stats.binomtest(k, n).proportion_ci(level, "exact")
    wilson = stats.binomtest(k, n).proportion_ci(level, "wilson")
    one = lambda side: stats.binomtest(k, n, alternative=side).proportion_ci(level, "exact")  # noqa: E731
    half = (1 - level) / 2
    return {
        "exact": [exact.low, exact.high],
        "lower": one("greater").low,
        "upper": one("less").high,
        "wilson": [wilson.low, wilson.high],
        "jeffreys": [
            0.0 if k == 0 else stats.beta.ppf(half, k + 0.5, n - k + 0.5),
            1.0 if k == n else stats.beta.isf(half, k + 0.5, n - k + 0.5),
        ],
    }


@metric("plan")
def plan(r, level, c, good, bad):
    n = c + 1
    while stats.binom.cdf(c, n, 1 - r) > 1 - level:
        n += 1
    trials, allowed = 1, 0
    while True:
        while stats.binom.cdf(allowed, trials, 1 - bad) > 0.1:
            trials += 1
        if stats.binom.cdf(allowed, trials, 1 - good) >= 0.95:
            break
        allowed += 1
    return {"n": n, "accepted": stats.binom.cdf(c, 50, 1 - r), "plan": [trials, allowed]}


@metric("sprt")
def sprt(good, bad, alpha, beta, k, n):
    a, b = math.log((1 - beta) / alpha), math.log(beta / (1 - alpha))
    success, failure = math.log(bad / good), math.log((1 - bad) / (1 - good))
    drift = lambda p: p * success + (1 - p) * failure  # noqa: E731
    return {
        "a": a,
        "b": b,
        "ratio": k * success + (n - k) * failure,
        "accept": [failure / (failure - success), b / (success - failure)],
        "reject": a / (success - failure),
        "asn": [((1 - alpha) * b + alpha * a) / drift(good), (beta * b + (1 - beta) * a) / drift(bad)],
    }


@metric("characteristic")
def characteristic(p, trials, failures, test):
    need = trials - failures
    # Single: undecided while the failures are allowed and the successes do not yet suffice.
    open_after = [
        sum(stats.binom.pmf(f, t, 1 - p) for f in range(t + 1) if f <= failures and t - f < need)
        for t in range(trials)
    ]
    single = [stats.binom.cdf(failures, trials, 1 - p), sum(open_after)]
    # Sequential: between two straight lines over the number of trials.
    good, bad, alpha, beta = test
    success, failure = math.log(bad / good), math.log((1 - bad) / (1 - good))
    slope = failure / (failure - success)
    accept, reject = (math.log(x) / (success - failure) for x in (beta / (1 - alpha), (1 - beta) / alpha))
    going, accepted, length = np.array([1.0]), 0.0, 0.0
    for n in range(1, trials + 1):
        length += going.sum()
        going = np.convolve(going, [1 - p, p])
        k = np.arange(len(going))
        good_enough = k >= slope * n + (accept if n < trials else 0.0)
        too_few = k <= slope * n + reject if n < trials else ~good_enough
        accepted += going[good_enough].sum()
        going = np.where(good_enough | too_few, 0.0, going)
    return {"single": single, "sequential": [accepted, length]}


@metric("kappa")
def kappa(table):
    p = np.array(table) / np.sum(table)
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    agree, chance = np.trace(p), rows @ columns
    k = (agree - chance) / (1 - chance)
    # Delta method on the multinomial: the variance of the gradient.
    size = len(p)
    slope = np.array(
        [
            [
                ((i == j) * (1 - chance) - (1 - agree) * (columns[i] + rows[j])) / (1 - chance) ** 2
                for j in range(size)
            ]
            for i in range(size)
        ]
    )
    variance = (p * slope**2).sum() - (p * slope).sum() ** 2
    return {"kappa": k, "se": math.sqrt(variance / np.sum(table))}


@metric("runs")
def runs(series):
    a, b = sum(series), len(series) - sum(series)
    seen = 1 + sum(x != y for x, y in zip(series, series[1:]))

    def ways(r):
        half = r // 2
        if r % 2 == 0:
            return 2 * math.comb(a - 1, half - 1) * math.comb(b - 1, half - 1)
        return math.comb(a - 1, half) * math.comb(b - 1, half - 1) + math.comb(a - 1, half - 1) * math.comb(b - 1, half)

    everything = math.comb(a + b, a)
    few = sum(ways(r) for r in range(2, seen + 1)) / everything
    many = sum(ways(r) for r in range(seen, a + b + 1)) / everything
    return {"runs": seen, "few": few, "many": many, "expected": 1 + 2 * a * b / (a + b)}


@metric("in-use")
def in_use(reading, certificate, step, askew_deg, temperature):
    # JCGM 100:2008, 4.3.7: u = a / sqrt 3; a step is known to half of it, an axis askew reads the cosine.
    (absolute, relative, k), (per_kelvin, within) = certificate, temperature
    halves = [step / 2, reading * (1 - math.cos(math.radians(askew_deg))), reading * per_kelvin * within]
    squares = [((absolute + relative * reading) / k) ** 2] + [half**2 / 3 for half in halves]
    return {"expanded": 2 * math.sqrt(sum(squares))}


@metric("two-rates")
def two_rates(a, b, pairs):
    (k, n), (l, m) = a, b
    fisher = stats.fisher_exact([[k, n - k], [l, m - l]]).pvalue
    one = stats.binomtest(k, n).proportion_ci(0.95, "wilson")
    other = stats.binomtest(l, m).proportion_ci(0.95, "wilson")
    p, q = k / n, l / m
    low = p - q - math.sqrt((p - one.low) ** 2 + (other.high - q) ** 2)
    high = p - q + math.sqrt((one.high - p) ** 2 + (q - other.low) ** 2)
    # Mid-p: both tails of the coin, and of the splits as uneven as the one that was seen only half.
    coin, few = stats.binom(sum(pairs), 0.5), min(pairs)
    mid = 1.0 if pairs[0] == pairs[1] else 2 * coin.cdf(few) - coin.pmf(few)
    exact = stats.binomtest(pairs[0], sum(pairs)).pvalue
    return {"fisher": fisher, "newcombe": [low, high], "mcnemar": exact, "mcnemar_mid": mid}


@metric("two-series")
def two_series(a, b):
    ks = stats.ks_2samp(a, b, method="exact")
    welch = stats.ttest_ind(a, b, equal_var=False)
    u = stats.mannwhitneyu(a, b, method="asymptotic", use_continuity=True)
    n, m = len(a), len(b)
    apart = stats.mannwhitneyu(range(n), range(n, n + m), method="asymptotic", use_continuity=True)
    return {
        "ks": [ks.statistic, ks.pvalue],
        "welch": [welch.statistic, welch.pvalue],
        "u": [u.statistic, u.pvalue],
        "least": [2 / math.comb(n + m, n), apart.pvalue],
    }


@metric("tolerance")
def tolerance(n, share, level):
    return {"k": stats.nct.ppf(level, n - 1, stats.norm.ppf(share) * math.sqrt(n)) / math.sqrt(n)}


@metric("kaplan-meier")
def kaplan_meier(lives):
    return {"curve": survival(lives)}


@metric("mtbf")
def mtbf(t, r, level):
    lower = 2 * t / stats.chi2.ppf(level, 2 * r + 2)
    return {
        "lower": lower,
        "low": 2 * t / stats.chi2.ppf((1 + level) / 2, 2 * r + 2),
        "at_failure": 2 * t / stats.chi2.ppf(level, 2 * (r + 1)),
        "reliability": math.exp(-t / 10 / lower),
    }


@metric("lot")
def lot(lot, defective, sample, allowed, n, k, p):
    return {
        "attributes": stats.hypergeom.cdf(allowed, lot, defective, sample),
        "variables": stats.nct.sf(k * math.sqrt(n), n - 1, stats.norm.isf(p) * math.sqrt(n)),
    }


@metric("proficiency")
def proficiency(x, u, y, v):
    return {"e_n": (x - y) / math.sqrt(u**2 + v**2), "z": (x - y) / v}


@metric("least-squares")
def least_squares(rows, y):
    x, y = np.array(rows), np.array(y)
    c, _, _, _ = np.linalg.lstsq(x, y, rcond=None)
    s2 = ((y - x @ c) ** 2).sum() / (len(y) - x.shape[1])
    return {"c": c, "u": np.sqrt(s2 * np.diag(np.linalg.inv(x.T @ x))), "s": math.sqrt(s2)}


@metric("monte-carlo")
def monte_carlo(seed, x, trials):
    """The same counters, mixed by SplitMix64, through other people's quantiles."""
    mask = 2**64 - 1

    def mix(v):
        z = (v + 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        return z ^ (z >> 31)

    def draw(trial, which):
        z = mix((mix(seed ^ mix(trial)) + mix(which + 0x517CC1B7)) & mask)
        return ((z >> 11) + 0.5) / 2**53

    p = np.array([[draw(trial, which) for which in range(4)] for trial in range(trials)]).T
    a = stats.norm.ppf(p[0], x[0], 0.1)
    b = stats.uniform.ppf(p[1], x[1] - 0.2, 0.4)
    c = stats.triang.ppf(p[2], 0.5, x[2] - 0.3, 0.6)
    d = stats.arcsine.ppf(p[3], x[3] - 0.1, 0.2)
    y = np.sort(a * b / c + d**2)
    inside = int(0.95 * trials)
    low = (trials - inside) // 2
    widths = y[inside:] - y[:-inside]
    best = int(widths.argmin())
    return {
        "mean": y.mean(),
        "u": y.std(ddof=1),
        "symmetric": [y[low], y[low + inside]],
        "shortest": [y[best], y[best + inside]],
    }


@metric("conformance")
def conformance(y, u):
    at = stats.norm(y, u)
    return {
        "upper": at.cdf(1.0),
        "lower": at.sf(0.0),
        "between": at.cdf(1.0) - at.cdf(0.0),
        "wrong": at.sf(1.0) + at.cdf(0.0),
    }


@metric("global-risk")
def global_risk(mean, sigma, u, tolerance, accept):
    """As rectangles of the bivariate normal of item and measurement."""
    both = stats.norm(mean, sigma)

    def accepted(x):
        return special.ndtr((accept - x) / u) - special.ndtr((-accept - x) / u)

    def over(f, a, b):
        return integrate.quad(f, a, b, epsabs=1e-14, epsrel=1e-13, limit=500)[0]

    wrong = lambda x: both.pdf(x) * accepted(x)  # noqa: E731
    right = lambda x: both.pdf(x) * (1 - accepted(x))  # noqa: E731
    far = 10 * sigma
    return {
        "consumer": over(wrong, mean - far, -tolerance) + over(wrong, tolerance, mean + far),
        "producer": over(right, -tolerance, tolerance),
    }


# --- comparing ----------------------------------------------------------------------------------------


def plain(value):
    """numpy's numbers and arrays as Python's."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(v) for v in value]
    if isinstance(value, np.generic):
        return value.item()
    return value


def agree(a, b, relative):
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(agree(x, y, relative) for x, y in zip(a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(agree(a[k], b[k], relative) for k in a)
    numbers = all(isinstance(x, (int, float)) and not isinstance(x, bool) for x in (a, b))
    if numbers:
        return math.isclose(a, b, rel_tol=relative, abs_tol=ABSOLUTE)
    return a == b


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file)
    unlike, unknown, seen = [], set(), {}
    for case in cases:
        name = case["metric"]
        if name not in METRICS:
            unknown.add(name)
            continue
        seen[name] = seen.get(name, 0) + 1
        want = plain(METRICS[name](**case["in"]))
        got = case["out"]
        relative = LOOSE.get(name, RELATIVE)
        if want.keys() != got.keys():
            unlike.append({"metric": name, "here": sorted(want), "judge": sorted(got)})
            continue
        for key in want:
            if not agree(want[key], got[key], relative):
                unlike.append({"metric": name, "key": key, "here": want[key], "judge": got[key]})
    said = {"metrics": len(seen), "cases": sum(seen.values()), "unlike": unlike[:20], "unknown": sorted(unknown)}
    print(json.dumps(said))
    return 0 if not unlike and not unknown else 1


if __name__ == "__main__":
    sys.exit(main())
