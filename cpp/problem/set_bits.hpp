// How many bits are set in an array of masks.
#pragma once

#include <algorithm>

#include "kernel/kernel.hpp"

namespace pl {

// Summed by bytes, 31 words at a time, of which no byte can overflow: below the instruction that counts (v2)
// the compiler's own is a call per word. Of 31 million words, the masks of (2000, 1, 10^6), 0.03 s in place
// of 0.07.
inline Index set_bits(const Word* words, Index count) {
    constexpr Index kWords = 31;
    constexpr Word kPairs = 0x5555555555555555u, kFours = 0x3333333333333333u, kBytes = 0x0f0f0f0f0f0f0f0fu;
    Index sum = 0;
    for (Index first = 0; first < count; first += kWords) {
        const Index last = std::min(first + kWords, count);
        Word bytes = 0;
        for (Index i = first; i < last; ++i) {
            const Word pairs = words[i] - ((words[i] >> 1) & kPairs);
            const Word fours = (pairs & kFours) + ((pairs >> 2) & kFours);
            bytes += (fours + (fours >> 4)) & kBytes;
        }
        const Word halves = (bytes & 0x00ff00ff00ff00ffu) + ((bytes >> 8) & 0x00ff00ff00ff00ffu);
        sum += static_cast<Index>((halves * 0x0001000100010001u) >> 48);
    }
    return sum;
}

}  // namespace pl
