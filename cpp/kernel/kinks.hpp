// One neuron's pairs at their kinks over a short piece of path with constant force. Given the end value u
// that z would have with the pair off all the time, and the drop k = -force |x|^2 that being on all the time
// would add, the share of the piece that the pair is on solves  z_end = u - share k:
//   z0 > 0   on till the end, or into the kink and held there, or through it and off
//   z0 < 0   off till the end, or into the kink and held there, or through it and on
//   z0 = 0   held with the share that keeps z at 0, or let go to either side
// The share falls as k grows and rises with u, so that Gauss-Seidel sweeps over attracting pairs settle.
// Included after sums.hpp.
#pragma once

// Branches, not selects: predicted, they let the next pair start before this one is done (10 % faster).
PLN_INLINE double share_on(double z0, double u, double k, bool& rests) {
    rests = false;
    if (z0 > 0.0) {
        if (u >= k) return 1.0;
        if (k > 0.0 && u >= z0) {
            rests = true;
            return u / k;
        }
        return z0 / (k + z0 - u);
    }
    if (u <= 0.0) return 0.0;
    if (k > 0.0 && u < k && u <= k + z0) {
        rests = true;
        return u / k;
    }
    return z0 < 0.0 ? 1.0 + z0 / (u - z0) : 1.0;
}

constexpr double kSmallShare = 1e-12;  // a change not worth adding a row for

PLN_INLINE void add_row(double weight, const double* x, SumSize width, double* g) {
    for (SumSize k = 0; k < width; k += kSumLanes) {
        SumVec* to = reinterpret_cast<SumVec*>(g + k);
        *to += weight * at(x + k);
    }
}

// <g, x> in two chains: the sum is on the way from one pair to the next.
PLN_INLINE double along(const double* g, const double* x, SumSize width) {
    SumVec even = {}, odd = {};
    SumSize k = 0;
    for (; k + 2 * kSumLanes <= width; k += 2 * kSumLanes) {
        even += at(g + k) * at(x + k);
        odd += at(g + k + kSumLanes) * at(x + k + kSumLanes);
    }
    if (k < width) even += at(g + k) * at(x + k);
    return horizontal(even + odd);
}

void settle(KinkArgs& s) {
    add_row(1.0, s.drift, s.width, s.g);
    for (int l = 0; l < s.count; ++l) add_row(s.share[l] * s.push[l], s.x[l], s.width, s.g);
    int open = s.count;  // pairs not yet settled come first in `order`
    for (int l = 0; l < open; ++l) s.order[l] = l;
    for (int sweep = 0; sweep < s.sweeps && open > 0; ++sweep) {
        int kept = 0, moving = 0;
        for (int m = 0; m < open; ++m) {
            const int l = s.order[m];
            const double drop = -s.scale * s.push[l] * s.norm_sq[l];
            const double end = s.base[l] + s.scale * along(s.g, s.x[l], s.width);
            const double share = share_on(s.z[l], end + s.share[l] * drop, drop, s.rests[l]);
            const double moved = share - s.share[l], size = moved < 0.0 ? -moved : moved;
            if (size > kSmallShare) {
                s.share[l] = share;
                add_row(moved * s.push[l], s.x[l], s.width, s.g);
            }
            s.order[kept] = l;
            moving += size > s.tolerance ? 1 : 0;
            kept += s.thorough || size > s.tolerance ? 1 : 0;
        }
        open = moving > 0 ? kept : 0;
    }
    if (s.last) return;
    for (int l = 0; l < s.count; ++l)
        s.z[l] = s.rests[l] ? 0.0 : s.base[l] + s.scale * along(s.g, s.x[l], s.width);
}
