// Memory that is needed soon, asked for while arithmetic goes on. Only where X is beyond the caches
// (PackedData's `large`): there it saves 15 % of a pass in one layout, 0 to 20 % in two; in the caches it
// costs 1 to 4 %.

constexpr int kSecondLevel = 2, kNearest = 3;  // of cache, as __builtin_prefetch counts

struct Ahead {
    const char* from;
    pl::Index bytes;  // 0: nothing
};

// Asks for one of `parts` equal parts.
template <int Cache>
PLN_INLINE void ask(const Ahead& ahead, pl::Index part, pl::Index parts) {
    if (ahead.bytes == 0) return;
    constexpr pl::Index line = 64;
    const pl::Index first = part * ahead.bytes / parts / line * line, last = (part + 1) * ahead.bytes / parts;
    for (pl::Index at = first; at < last; at += line) __builtin_prefetch(ahead.from + at, 0, Cache);
}
