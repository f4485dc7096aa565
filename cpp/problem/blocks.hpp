// How points are cut into blocks, and a pass into superblocks: a function of the sizes and the precision,
// never of the number of threads.
#pragma once

#include <algorithm>

#include "kernel/kernel.hpp"

namespace pl {

inline Index round_up(Index count, Index unit) {
    return (count + unit - 1) / unit * unit;
}

inline Index block_count(Index n) {
    return (n + kBlockPoints - 1) / kBlockPoints;
}

// A pass of more than kSuperblockFlops is cut, so that a team can share it and Ctrl-C is answered in time;
// the sums of the superblocks are added in index order. Their gradients may take kSuperblockBytes at most.
inline Index superblock_count(Index n, Index d, Index p, Index real_bytes) {
    constexpr double kSuperblockFlops = 5e7;  // about a millisecond on one core
    constexpr double kSuperblockBytes = 1 << 26;
    const double flops = 4.0 * static_cast<double>(n) * static_cast<double>(d) * static_cast<double>(p);
    const double gradient = static_cast<double>(d) * static_cast<double>(p) * static_cast<double>(real_bytes);
    const double count = std::min({flops / kSuperblockFlops, kSuperblockBytes / gradient, 1024.0});
    return std::clamp(static_cast<Index>(count), Index{1}, block_count(n));
}

}  // namespace pl
