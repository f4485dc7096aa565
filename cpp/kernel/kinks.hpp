// One neuron's pairs at their kinks over a short piece of path with constant force. Given the end value u
// that z would have with the pair off all the time, and the drop k = -force |x|^2 that being on all the time
// would add, the share of the piece that the pair is on solves  z_end = u - phi k:
//   z0 > 0   on till the end, or into the kink and held there, or through it and off
//   z0 < 0   off till the end, or into the kink and held there, or through it and on
//   z0 = 0   held with the share that keeps z at 0, or let go to either side
// phi falls as k grows and rises with u, so that Gauss-Seidel sweeps over attracting pairs settle.
#pragma once

PLN_INLINE double share_on(double z0, double u, double k) {
    if (z0 > 0.0) {
        if (u >= k) return 1.0;
        if (k > 0.0 && u >= z0) return u / k;
        return z0 / (k + z0 - u);
    }
    if (z0 < 0.0) {
        if (u <= 0.0) return 0.0;
        if (k > 0.0 && u <= k + z0) return u / k;
        return 1.0 + z0 / (u - z0);
    }
    if (u <= 0.0) return 0.0;
    return k > 0.0 && u < k ? u / k : 1.0;
}

void settle(KinkArgs& s) {
    for (int m = 0; m < s.stride; ++m) s.end[m] = s.from[m] + s.base[m];
    for (int l = 0; l < s.count; ++l) {
        const double w = s.phi[l] * s.force[l];
        const double* row = s.gram + l * s.stride;
        for (int m = 0; m < s.stride; ++m) s.end[m] += w * row[m];
    }
    int sweep = 0;
    for (double change = 1.0; sweep < s.sweeps && change > s.tolerance; ++sweep) {
        change = 0.0;
        for (int l = 0; l < s.count; ++l) {
            const double* row = s.gram + l * s.stride;
            const double drop = -s.force[l] * row[l];
            const double share = share_on(s.from[l], s.end[l] + s.phi[l] * drop, drop);
            const double moved = share - s.phi[l];
            if (moved == 0.0) continue;
            s.phi[l] = share;
            const double w = moved * s.force[l];
            for (int m = 0; m < s.stride; ++m) s.end[m] += w * row[m];
            const double size = moved < 0.0 ? -moved : moved;
            if (size > change) change = size;
        }
    }
    s.sweeps = sweep;
}
