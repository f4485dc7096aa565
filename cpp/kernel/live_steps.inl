// Capture steps on orthogonal inputs, on packed live pairs (live_steps.hpp). Each function reads the values
// once, in order; lanes without a live pair carry zeros.

using LiveBits = decltype(LiveVec{} > LiveVec{});

// visit(v, pattern, values) for the vectors of one word; w goes beyond its values. In lanes without a live
// pair the values are anything. Group vectors at a time.
template <int Group = kWordVectors, class Visit>
PLN_INLINE void over_word(Word word, const double*& w, const Visit& visit) {
#pragma GCC unroll 1
    for (int first = 0; first < kWordVectors; first += Group) {
#pragma GCC unroll 32
        for (int v = 0; v < Group; ++v) {
            const Pattern at = pattern_of(word, v);
            const LiveVec from = spread(w, at);
            w += at.count();
            visit(first + v, at, from);
        }
        if (Group < kWordVectors) word >>= Group * kLiveLanes % 64;
    }
}

// Of the sweeps that write: with a whole word at once the compiler keeps half of it on the stack.
constexpr int kWriteGroup = 2;

// Neuron j done: whether to stop.
PLN_INLINE bool left(const LiveArgs& s, Index j) {
    return j % pl::kAskedNeurons == pl::kAskedNeurons - 1 && s.cut();
}

// The sums of LiveKernel::norms over one word, in registers.
template <bool Crossing>
struct NormSums {
    LiveVec abar, escape, squares = {}, products = {};

    PLN_INLINE NormSums(const LiveArgs& s, Index j)
        : abar(broadcast(s.abar[j])), escape(broadcast(s.escape[j])) {}

    // from: 0 where there is no live pair.
    PLN_INLINE void add(Pattern at, LiveVec from, LiveVec pushed, LiveVec& travel) {
        const LiveVec to = surviving(at, fma(abar, pushed, from)), moved = to - from;
        squares = fma(to, to, squares);
        travel = fma(moved, moved, travel);
        if (!Crossing) return;
        const LiveVec received = to == LiveVec{} ? from * escape : pushed;
        products = fma(broadcast(0.5) * (from + to), received, products);
    }
    PLN_INLINE void add_to(const LiveArgs& s, Index j) const {
        store(s.squares + j * kLiveLanes, load(s.squares + j * kLiveLanes) + squares);
        if (Crossing) store(s.products + j * kLiveLanes, load(s.products + j * kLiveLanes) + products);
    }
};

template <bool Crossing>
PLN_INLINE void norms_of_word(const LiveArgs& s, Index j, Word word, const double* push, const double*& w,
                              LiveVec& travel) {
    NormSums<Crossing> sums(s, j);
    over_word(word, w, [&](int v, Pattern at, LiveVec from) __attribute__((always_inline)) {
        sums.add(at, only(at, from), load(push + Index{v} * kLiveLanes), travel);
    });
    sums.add_to(s, j);
}

void live_norms(LiveArgs& s) {
    const double* w = s.w;
    LiveVec travel = {};
    for (Index b = 0; b < s.blocks; ++b)
        for (Index j = 0; j < s.p; ++j) {
            if (left(s, j)) return;
            const Word word = s.live[b * s.p + j];
            if (word == 0) continue;
            if (s.crossing[j] != 0)
                norms_of_word<true>(s, j, word, s.push + b * kWordPoints, w, travel);
            else
                norms_of_word<false>(s, j, word, s.push + b * kWordPoints, w, travel);
        }
    s.travel += sum_lanes<double>(travel);
    s.w = w;
}

void live_outputs(LiveArgs& s) {
    const double* w = s.w;
    const LiveVec one = broadcast(1.0);
    LiveBits deaths = {};
    for (Index b = 0; b < s.blocks; ++b) {
        const double* push = s.push + b * kWordPoints;
        LiveVec h[kWordVectors] = {};
        for (Index j = 0; j < s.p; ++j) {
            if (left(s, j)) return;
            const Word word = s.live[b * s.p + j];
            if (word == 0) continue;
            const LiveVec abar = broadcast(s.abar[j]), a = broadcast(s.a[j]);
            over_word(word, w, [&](int v, Pattern at, LiveVec from) __attribute__((always_inline)) {
                const LiveVec to = fma(abar, load(push + Index{v} * kLiveLanes), from);
                h[v] = fma(a, surviving(at, to), h[v]);
                deaths |= reinterpret_cast<LiveBits>(only(at, to > LiveVec{} ? LiveVec{} : one));
            });
        }
        for (int v = 0; v < kWordVectors; ++v) store(s.h + b * kWordPoints + Index{v} * kLiveLanes, h[v]);
    }
    s.deaths = s.deaths || positive_bits(reinterpret_cast<LiveVec>(deaths)) != 0;
    s.w = w;
}

// Packed values on their way back to the memory they came from. A vector written there at once would overlap
// the next one read, which then waits for it: that took longer than all the rest.
struct Outbox {
    static constexpr Index kRoom = 1024;
    alignas(kVectorBytes) double values[kRoom + kWordPoints + pl::kValuesPad];
    Index count = 0;
    double* to;

    explicit Outbox(double* destination) : to(destination) {}

    void flush() {
        for (Index k = 0; k < count; ++k) to[k] = values[k];
        to += count;
        count = 0;
    }
};

// The last move of one word made, all of its pairs supposed to live on: that the place of every value is then
// known from the start halves the time. Returns false if one died, and then nothing has happened. The new
// values go to next(v, pattern, values).
template <class Next>
PLN_INLINE bool write_alive(const LastMove& last, Index b, Index j, Word word, const double*& w, Outbox& out,
                            const Next& next) {
    const double* push = last.push + b * kWordPoints;
    const LiveVec abar = broadcast(last.abar[j]), one = broadcast(1.0);
    LiveBits deaths = {};
    const double* read =
        w;  // the compiler cannot know that storing a vector changes neither this nor the count
    double* place = out.values + out.count;
    over_word<kWriteGroup>(word, read, [&](int v, Pattern at, LiveVec from) __attribute__((always_inline)) {
        const LiveVec to = only(at, fma(abar, load(push + Index{v} * kLiveLanes), from));
        deaths |= reinterpret_cast<LiveBits>(only(at, to > LiveVec{} ? LiveVec{} : one));
        pack(place, at, to);
        place += at.count();
        next(v, at, to);
    });
    if (positive_bits(reinterpret_cast<LiveVec>(deaths)) != 0) return false;
    w = read;
    out.count = place - out.values;
    return true;
}

// The same with deaths. Returns the bits that are left.
template <class Next>
PLN_INLINE Word write_dying(const LastMove& last, Index b, Index j, Word word, const double*& w, Outbox& out,
                            const Next& next) {
    const double* push = last.push + b * kWordPoints;
    const LiveVec abar = broadcast(last.abar[j]);
    Word kept = 0;
    double* place = out.values + out.count;
    over_word<kWriteGroup>(word, w, [&](int v, Pattern at, LiveVec from) __attribute__((always_inline)) {
        const LiveVec to = surviving(at, fma(abar, load(push + Index{v} * kLiveLanes), from));
        const Word still = positive_bits(to);
        const Pattern left = pattern_of(still);
        pack(place, left, to);
        place += left.count();
        kept |= still << (v * kLiveLanes);
        next(v, left, to);
    });
    out.count = place - out.values;
    return kept;
}

// word(b, j, w, out) for the words with live pairs; it returns the bits that are left.
template <class Rewrite>
PLN_INLINE void over_written(LiveArgs& s, const Rewrite& rewrite) {
    const double* w = s.w;
    Outbox out(s.to);
    for (Index b = 0; b < s.blocks; ++b)
        for (Index j = 0; j < s.p; ++j) {
            Word& word = s.live[b * s.p + j];
            if (word == 0) continue;
            word = rewrite(b, j, word, w, out);
            if (out.count >= Outbox::kRoom) out.flush();
        }
    out.flush();
    s.w = w;
    s.to = out.to;
}

PLN_INLINE Word write_word(const LiveArgs& s, Index b, Index j, Word word, const double*& w, Outbox& out) {
    const auto nothing = [](int, Pattern, LiveVec) __attribute__((always_inline)) {};
    return write_alive(s.last, b, j, word, w, out, nothing)
               ? word
               : write_dying(s.last, b, j, word, w, out, nothing);
}

void live_write(LiveArgs& s) {
    over_written(s, [&](Index b, Index j, Word word, const double*& w, Outbox& out)
                        __attribute__((always_inline)) { return write_word(s, b, j, word, w, out); });
}

template <bool Crossing>
PLN_INLINE Word write_norms_of_word(const LiveArgs& s, Index b, Index j, Word word, const double*& w,
                                    Outbox& out, LiveVec& travel) {
    const double* push = s.push + b * kWordPoints;
    NormSums<Crossing> sums(s, j);
    LiveVec moved = travel;
    const auto add = [&](int v, Pattern at, LiveVec from) __attribute__((always_inline)) {
        sums.add(at, from, load(push + Index{v} * kLiveLanes), moved);
    };
    Word kept = word;
    if (!write_alive(s.last, b, j, word, w, out, add)) {
        sums = NormSums<Crossing>(s, j);
        moved = travel;
        kept = write_dying(s.last, b, j, word, w, out, add);
    }
    sums.add_to(s, j);
    travel = moved;
    return kept;
}

void live_write_norms(LiveArgs& s) {
    LiveVec travel = {};
    bool cut = false;
    over_written(
        s, [&](Index b, Index j, Word word, const double*& w, Outbox& out) __attribute__((always_inline)) {
            cut = cut || left(s, j);
            if (cut) return write_word(s, b, j, word, w, out);
            return s.crossing[j] != 0 ? write_norms_of_word<true>(s, b, j, word, w, out, travel)
                                      : write_norms_of_word<false>(s, b, j, word, w, out, travel);
        });
    s.travel += sum_lanes<double>(travel);
}

void live_rates(LiveArgs& s) {
    const double* w = s.w;
    for (Index b = 0; b < s.blocks; ++b)
        for (Index j = 0; j < s.p; ++j) {
            const Word word = s.live[b * s.p + j];
            if (word == 0) continue;
            const double* push = s.push + b * kWordPoints;
            LiveVec squares = load(s.squares + j * kLiveLanes), products = load(s.products + j * kLiveLanes);
            over_word(word, w, [&](int v, Pattern at, LiveVec from) __attribute__((always_inline)) {
                const LiveVec pushed = only(at, load(push + Index{v} * kLiveLanes));
                squares = fma(pushed, pushed, squares);
                products = fma(pushed, only(at, from), products);
            });
            store(s.squares + j * kLiveLanes, squares);
            store(s.products + j * kLiveLanes, products);
        }
    s.w = w;
}

void live_weigh(LiveArgs& s) {
    for (Index b = 0; b < s.blocks; ++b) {
        LiveVec h[kWordVectors] = {};
        for (Index j = 0; j < s.p; ++j) {
            const Word word = s.live[b * s.p + j];
            if (word == 0) continue;
            const LiveVec a = broadcast(s.a[j]);
#pragma GCC unroll 32
            for (int v = 0; v < kWordVectors; ++v) h[v] += only(pattern_of(word, v), a);
        }
        for (int v = 0; v < kWordVectors; ++v) store(s.h + b * kWordPoints + Index{v} * kLiveLanes, h[v]);
    }
}

extern const LiveKernel live_kernel = {kLiveLanes,       live_norms, live_outputs, live_write,
                                       live_write_norms, live_rates, live_weigh};
