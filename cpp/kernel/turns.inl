// Pairs whose abs(z) falls in one step and grows in the next, without a change of sign.

PLN_INLINE Vec<double> size_of_lanes(Vec<double> v) {
    return v < Vec<double>{} ? -v : v;
}

void find_turns(TurnArgs& s) {
    constexpr Index L = kLanes<double>;
    const Vec<double> scale = broadcast(s.scale);
    for (Index b = 0; b * kBlockPoints < s.n; ++b) {
        const Index left = s.n - b * kBlockPoints, points = left < kBlockPoints ? left : kBlockPoints;
        Word nearer = 0, close = 0, same = 0;
        for (Index v = 0; v < points; v += L) {
            const Index at = b * kBlockPoints + v;
            const Vec<double> z = load(s.z + at), next = load(s.next + at), before = size_of_lanes(z);
            nearer |= positive_bits(before - size_of_lanes(next)) << v;
            close |= positive_bits(scale * load(s.near + at) - before) << v;
            same |= positive_bits(z * next) << v;
        }
        s.turned[b] = s.nearing[b] & close & same & ~nearer;
        s.nearing[b] = nearer & same;
    }
}
