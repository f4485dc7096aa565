// One neuron's pairs at their kinks while its impulse grows evenly, s in [0, 1]: the inclusion along a
// straight path, followed event by event. Pair l is on for a share of the impulse: 1 on, 0 off, in between
// while it is held at z_l = 0. Per unit of s, z_l moves by v_l, and a share that changes by delta changes
//     v_l by delta push_k K_lk,      K the inputs' Gram matrix, push_k = (abar_j / n) Q_k,
// so between two events everything is linear and held pairs keep their shares. In single precision: z and v
// are small where it counts, and shares are found to a tolerance (KinkSweeps), of at least a hundred times
// the rounding.

// A held pair that is a little off its kink is led back in the rest of the path, or in so much of it.
constexpr float kLeastRest = 0.5F;
// What the sweeps leave of z at the kinks of held pairs is taken out at the end of the path, until shares
// change by this part of the first change. Left in, a pair that is let go counts with it at once, in steps of
// every length: near a state of rest that is more than a step can gain, and in the tail of n = 4000 steps
// shrank from 50 to 1e-7.
constexpr float kSettled = 1e-3F;
constexpr int kSettleSweeps = 20;
constexpr float kNever = 1e30F;
constexpr float kRounding =
    4e-6F;  // of a pair's push: the speed that others leave it where they hold its kink

// One Gauss-Seidel sweep over the held pairs at attracting kinks: shares in [0, 1] under which each stays.
// Returns the largest change of a share. `ends`: whether a share then is at an end, where its pair may be let
// go.
PLN_INLINE float sweep_held(KinkArgs& s, float per_rest, bool& ends) {
    Lone largest = {}, inside = lone(1.0F);
    sweep(s, s.v, [&](int l, Lone speed) {
        const Lone share = lone(s.share[l]), per_drop = lone(s.per_drop[l]);
        const Lone led_back = fma(lone(s.z[l] * per_rest), per_drop, share);
        const Lone to = clipped(fma(speed, per_drop, led_back)), moves = to - share;
        const Lone size = greater(moves, -moves), end = lesser(to, lone(1.0F) - to);
        // an end is reached exactly: there the pair may be released
        const Lone change = ((size >= lone(s.sweeps.tolerance)) | (end <= Lone{})) ? moves : Lone{};
        const Lone now = share + change;
        s.share[l] = now[0];
        largest = greater(largest, size);
        inside = lesser(inside, lesser(now, lone(1.0F) - now));
        return change;
    });
    ends = !(inside[0] > 0.0F);
    return largest[0];
}

// The pair at its kink whose input is opposite to x_e; -1 if there is none.
PLN_INLINE int opposite(const KinkArgs& s, int e) {
    constexpr float kParallel = 1e-5F, kThere = 1e-4F;
    const float* row = s.gram + e * s.ld;
    for (int k = 0; k < s.count; ++k) {
        const float own = s.gram[k * s.ld + k], push = magnitude(s.push[k]) * own;
        const bool is = row[k] < 0.0F && row[k] * row[k] >= (1.0F - kParallel) * own * row[e];
        if (is && magnitude(s.z[k]) <= kThere * push) return k;
    }
    return -1;
}

// What pair k, off or on, moves z_e of an opposite one down by where it is on: above 0 where it repels.
PLN_INLINE float pulled_by(const KinkArgs& s, int e, int k) {
    return -s.push[k] * s.gram[e * s.ld + k];
}

PLN_INLINE void turn_on(KinkArgs& s, int k) {
    s.z[k] = 0.0F;
    s.side[k] = 1.0F;
    change_share(s, k, 1.0F - s.share[k]);
}

// Pair e has gone off, and nothing moves its neuron along x_e: of opposite inputs, off, those that push on in
// that direction come on at once. None of them would ever meet its kink, and the neuron stayed between them
// to the end of the path.
PLN_INLINE void turn_opposite(KinkArgs& s, int e) {
    if (magnitude(s.v[e]) > kBelow * magnitude(drop(s, e))) return;
    const int k = opposite(s, e);
    if (k >= 0 && s.side[k] < 0.0F && s.push[k] > 0.0F) turn_on(s, k);
}

// Whether held pair e, which attracts, is pushed up by less than an opposite one, off, pushes it down by once
// that is on: both sides of their line lead to where the other one is. Where on the path both pushes have
// become less than what holds it between them, it leaves by the side that it came to first.
PLN_INLINE bool leaves_for_opposite(const KinkArgs& s, int e) {
    const int k = opposite(s, e);
    if (k < 0 || !(s.side[k] < 0.0F)) return false;
    const float falls = drop(s, e), pulled = pulled_by(s, e, k);
    const float off = s.v[e] + s.share[e] * falls, below = off - pulled;
    if (!(below < 0.0F && falls > kRounding * pulled)) return false;
    const float own = -s.early[e] * s.gram[e * s.ld + e], other = -s.early[k] * s.gram[e * s.ld + k];
    const float above = falls - off, before = own - s.start[e], was = s.start[e] - other;
    return !(above < 0.0F) || !(before > 0.0F && was > 0.0F) || was * above >= before * below;
}

// The neuron leaves pair e, off from now on, for the side of the opposite one, on.
PLN_INLINE void turn(KinkArgs& s, int e) {
    const int k = opposite(s, e);
    change_share(s, e, -s.share[e]);
    s.side[e] = -1.0F;
    s.z[e] = 0.0F;
    turn_on(s, k);
}

// Pairs whose share has reached an end and that are pushed on are no longer held. One that comes back to its
// kink, but too slowly for the rest of the path, is: let go, it would count with the z it is off by, more
// than all that a short step gains, and steps would be halved until nothing is held any more.
PLN_INLINE void release(KinkArgs& s, float per_rest) {
    int kept = 0;
    for (int h = 0; h < s.held; ++h) {
        const int l = s.order[h];
        const float target = -s.z[l] * per_rest;
        const bool repelled = drop(s, l) <= 0.0F, pushed_off = repelled && s.v[l] < kBelow * drop(s, l);
        if (s.opposite && !repelled && leaves_for_opposite(s, l)) {
            turn(s, l);
        } else if (s.share[l] >= 1.0F && (repelled || s.v[l] > (target > 0.0F ? target : 0.0F))) {
            s.side[l] = 1.0F;
        } else if (s.share[l] <= 0.0F &&
                   (pushed_off || (!repelled && s.v[l] < (target < 0.0F ? target : 0.0F)))) {
            s.side[l] = -1.0F;
        } else {
            s.order[kept++] = l;
            continue;
        }
        if (s.z[l] * s.side[l] < 0.0F) s.z[l] = 0.0F;
    }
    s.held = kept;
}

// Of the next pair to meet its kink, the path until then; its index, or -1 if there is none before `rest`.
PLN_INLINE int next_kink(const KinkArgs& s, float rest, float& until) {
    constexpr int L = kLanes<float>;
    Vec<float> soonest = broadcast(rest);
    for (Index l = 0; l < s.ld; l += L) {
        const Vec<float> side = load(s.side + l), speed = load(s.v + l) * side;
        const Vec<float> time = positive_part<float>(load(s.z + l) * side) / -speed;
        const Vec<float> due = speed < Vec<float>{} ? time : broadcast(kNever);
        store(s.due + l, due);
        soonest = due < soonest ? due : soonest;
    }
    until = least_lane(soonest);
    if (!(until < rest)) return -1;
    const Vec<float> now = broadcast(until), one = broadcast(1.0F);
    int e = 0;
    Word met = 0;
    for (; met == 0; e += L) met = positive_bits(load(s.due + e) <= now ? one : Vec<float>{});
    return e - L + __builtin_ctzll(met);
}

PLN_INLINE void go_on(KinkArgs& s, float length) {
    constexpr int L = kLanes<float>;
    const Vec<float> by = broadcast(length);
    for (Index l = 0; l < s.ld; l += L) {
        store(s.mean + l, fma(by, load(s.share + l), load(s.mean + l)));
        store(s.z + l, fma(by, load(s.v + l), load(s.z + l)));
    }
}

// Off at a kink that the neuron is held at by the opposite pair: there is no other one to meet.
PLN_INLINE bool is_kept(KinkArgs& s, int e) {
    const float size = magnitude(drop(s, e));
    if (!(s.side[e] < 0.0F && s.v[e] < kRounding * size)) return false;
    const int k = opposite(s, e);
    if (k < 0 || s.side[k] != 0.0F) return false;
    s.z[e] = -2.0F * kRounding * size;
    return true;
}

// Of a line only one pair is held: what the opposite one has pushed is now for its share to balance.
PLN_INLINE void turn_off_opposite(KinkArgs& s, int e) {
    const int k = opposite(s, e);
    if (k < 0 || !(s.side[k] > 0.0F)) return;
    change_share(s, k, -s.share[k]);
    s.side[k] = -1.0F;
    s.z[k] = -2.0F * kRounding * magnitude(drop(s, k));
}

// Pair e is at its kink: held there, or through it.
PLN_INLINE void meet(KinkArgs& s, int e) {
    const float falls = drop(s, e), off = s.side[e] > 0.0F ? s.v[e] + falls : s.v[e];
    s.z[e] = 0.0F;
    if (s.opposite && is_kept(s, e)) return;
    if (falls > 0.0F && off > 0.0F && off < falls) {
        change_share(s, e, off / falls - s.share[e]);
        s.side[e] = 0.0F;
        s.order[s.held++] = e;
        if (s.opposite) turn_off_opposite(s, e);
    } else {
        s.side[e] = -s.side[e];
        change_share(s, e, (s.side[e] > 0.0F ? 1.0F : 0.0F) - s.share[e]);
        if (s.side[e] < 0.0F && falls > 0.0F) s.mean[e] += kBelow;
        if (s.side[e] < 0.0F) turn_opposite(s, e);
    }
}

PLN_INLINE void begin(KinkArgs& s) {
    s.held = 0;
    for (int l = 0; l < s.count; ++l) {
        const float falls = drop(s, l);
        s.per_drop[l] = falls > 0.0F ? 1.0F / falls : 0.0F;
        if (s.side[l] != 0.0F) continue;
        s.order[s.held++] = l;
        s.start[l] = pushed_up(s, l);
    }
    s.most = s.held;
}

// Pairs from `known` on were found later, and their v is that of the path the others take: what the others
// have changed since the start is taken out.
PLN_INLINE void take_speeds(KinkArgs& s) {
    for (int l = s.known; l < s.count; ++l) {
        float v = s.v[l];
        for (int k = 0; k < s.known; ++k) v -= s.changed[k] * s.push[k] * s.gram[l * s.ld + k];
        s.v[l] = v;
    }
}

// sum += weight_l x_l, four rows at a time: they come from the second cache or the third.
void add_rows(const double* const* x, const double* weight, int count, Index width, double* sum) {
    constexpr int L = kLanes<double>, R = 4;
    int l = 0;
    for (; l + R <= count; l += R)
        for (Index k = 0; k < width; k += L) {
            Vec<double> v = load(sum + k);
#pragma GCC unroll 4
            for (int r = 0; r < R; ++r) v = fma(broadcast(weight[l + r]), load(x[l + r] + k), v);
            store(sum + k, v);
        }
    for (; l < count; ++l)
        for (Index k = 0; k < width; k += L)
            store(sum + k, fma(broadcast(weight[l]), load(x[l] + k), load(sum + k)));
}

// Held pairs are put on their kinks, as sweeps without end would have: by what acts on them, the mean share.
PLN_INLINE void settle(KinkArgs& s) {
    float enough = 0.0F;
    for (int round = 0; round < kSettleSweeps; ++round) {
        Lone most = {};
        sweep(s, s.z, [&](int l, Lone z) {
            // a pair that is further off than the whole of its share can mend comes back in later steps
            const Lone mean = lone(s.mean[l]), to = clipped(fma(z, lone(s.per_drop[l]), mean));
            s.mean[l] = to[0];
            most = greater(most, greater(to - mean, mean - to));
            return to - mean;
        });
        const float largest = most[0];
        if (round == 0) enough = kSettled * largest;
        if (largest <= enough) break;
    }
    for (int h = 0; h < s.held; ++h) {
        const int l = s.order[h];
        const float least = s.sweeps.tolerance * magnitude(drop(s, l));
        if (s.mean[l] >= 1.0F && s.z[l] > least) s.side[l] = 1.0F;
        if (s.mean[l] <= 0.0F && s.z[l] < -least) s.side[l] = -1.0F;
    }
}

// Sweeps until they change little, or the spare ones are used up; then pairs that go are let go.
PLN_INLINE void settle_shares(KinkArgs& s, float per_rest, int& spare, bool first) {
    bool ends = false;
    for (;;) {
        const float gone = first ? let_go(s, per_rest) : 0.0F, largest = sweep_held(s, per_rest, ends);
        if (!(largest > s.sweeps.tolerance || gone > s.sweeps.tolerance) || --spare <= 0) break;
    }
    if (ends || s.opposite) release(s, per_rest);
}

void follow(KinkArgs& s) {
    take_speeds(s);
    begin(s);
    float rest = 1.0F;
    int spare = s.sweeps.spare;
    settle_shares(s, 1.0F, spare, true);
    for (int events = 0; events < 4 * s.count + 16; ++events) {
        if (s.count > kManyPairs && s.cut()) return;
        float until;
        const int e = next_kink(s, rest, until);
        if (e < 0) break;
        go_on(s, until);
        rest -= until;
        meet(s, e);
        s.most = s.held > s.most ? s.held : s.most;
        settle_shares(s, 1.0F / (rest > kLeastRest ? rest : kLeastRest), spare, false);
    }
    go_on(s, rest);
    settle(s);
}
