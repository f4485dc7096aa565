// A sweep over the neurons that can be left half-way.
#pragma once

#include <algorithm>
#include <atomic>

#include "kernel/cut_off.hpp"
#include "kernel/index.hpp"
#include "parallel/parallel_for.hpp"

namespace pl {

// visit(j) for j = 0 .. p - 1, shared out over the team. Once `cut`, asked before every 64 of them, says
// true, no more are visited.
template <class Visit>
void over_neurons(Index p, int threads, CutOff cut, const Visit& visit) {
    constexpr Index kChunk = 4;   // handed to a thread at a time
    constexpr Index kAsked = 16;  // chunks
    std::atomic<bool> left{false};
    parallel_for((p + kChunk - 1) / kChunk, threads, [&](Index chunk) {
        if (left.load(std::memory_order_relaxed)) return;
        if (chunk % kAsked == 0 && cut()) {
            left.store(true, std::memory_order_relaxed);
            return;
        }
        for (Index j = chunk * kChunk; j < std::min((chunk + 1) * kChunk, p); ++j) visit(j);
    });
}

}  // namespace pl
