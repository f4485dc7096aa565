// What a change of one pair's share does to the speeds of all, and which of the pairs held at repelling kinks
// go on and which off at the start of a path (kinks.inl).

// A pair that goes off ends as much further down, ten times the rounding: where nothing moves it on
// (orthogonal inputs) it would else end on either side of 0 by chance, and meet its kink again in every step.
constexpr float kBelow = 1e-6F;
// Shares are known to so many tolerances of sweeps: those of a step before, when the push was larger.
constexpr float kByChance = 4.0F;
PLN_INLINE float magnitude(float x) {
    return __builtin_fabsf(x);
}

// values += by row k of K.
PLN_INLINE void add_gram_row(const KinkArgs& s, int k, float by, float* values) {
    constexpr int L = kLanes<float>;
    const float* row = s.gram + k * s.ld;
    for (Index l = 0; l < s.ld; l += L)
        store(values + l, fma(broadcast(by), load(row + l), load(values + l)));
}

PLN_INLINE void change_share(KinkArgs& s, int k, float delta) {
    s.share[k] += delta;
    add_gram_row(s, k, delta * s.push[k], s.v);
}

// One number, in every lane: of such the least and the greatest are one instruction each, of scalars jumps
// that nobody could foretell.
using Lone = Vec<float, 16>;
PLN_INLINE Lone lone(float x) {
    return broadcast<16>(x);
}

// The held pairs one after the other, each as those before it have left it: visit(l, value), value that of
// values[l], says by how much its share changes, whose push acts on the values through row l of K. What the
// next pair finds is known before all of them are written: sweeps are nothing but such chains, and from
// memory it would come twice as late.
template <class Visit>
PLN_INLINE void sweep(const KinkArgs& s, float* values, const Visit& visit) {
    Lone value = lone(s.held > 0 ? values[s.order[0]] : 0.0F);
    for (int h = 0; h < s.held; ++h) {
        const int l = s.order[h], next = s.order[h + 1 < s.held ? h + 1 : h];
        const Lone before = lone(values[next]), slope = lone(s.push[l] * s.gram[l * s.ld + next]);
        const Lone change = visit(l, value);
        value = fma(change, slope, before);
        add_gram_row(s, l, change[0] * s.push[l], values);
    }
}

// The drop of v_l that being on all the time makes: positive at attracting kinks.
PLN_INLINE float drop(const KinkArgs& s, int l) {
    return -s.push[l] * s.gram[l * s.ld + l];
}
PLN_INLINE Lone clipped(Lone share) {
    return lesser(lone(1.0F), greater(Lone{}, share));  // a NaN stays one
}

// What the others push held pair l up by at the start of the path, which its share then balances; 0 if it has
// none.
PLN_INLINE float pushed_up(const KinkArgs& s, int l) {
    return -s.share[l] * s.early[l] * s.gram[l * s.ld + l];
}

// The same where its own push passes 0 on the way, both changing evenly to the mean `off` over the path. If
// it is above 0 the share has passed 1 just before, so that the pair goes on, whatever the others do later.
// Without this it went off, alike in steps of every practical length.
PLN_INLINE float at_crossing(const KinkArgs& s, int l, float off) {
    const float start = s.start[l], early = s.early[l];
    return early < 0.0F ? start + (off - start) * (early / (early - s.push[l])) : -start;
}

// Whether that tells anything: of so much held pair l is pushed by what sweeps leave of all shares.
PLN_INLINE bool is_pushed(const KinkArgs& s, int l) {
    const float known = kByChance * s.sweeps.tolerance;
    float square = 0.0F;
    for (int h = 0; h < s.held; ++h) {
        const float push = known * s.early[s.order[h]] * s.gram[s.order[h] * s.ld + l];
        square += push * push;
    }
    return s.start[l] * s.start[l] > square;
}

// The held pairs at repelling kinks, of which only the start of a path has any: off, unless the others push
// them up. The largest change of a share.
PLN_INLINE float let_go(KinkArgs& s, float per_rest) {
    float largest = 0.0F;
    for (int h = 0; h < s.held; ++h) {
        const int l = s.order[h];
        const float falls = drop(s, l), share = s.share[l];
        if (falls > 0.0F) continue;
        const float below = (s.z[l] < 0.0F ? -s.z[l] * per_rest : 0.0F) - kBelow * falls;
        const float off = s.v[l] + falls * share;
        const bool goes_on = is_pushed(s, l) && at_crossing(s, l, off) > 0.0F && off - falls > below;
        const bool up = goes_on || off > below;
        const float to = up ? 1.0F : 0.0F;
        largest = magnitude(to - share) > largest ? magnitude(to - share) : largest;
        change_share(s, l, to - share);
        s.share[l] = to;
    }
    return largest;
}
