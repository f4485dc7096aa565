// The one place where threads are made: by parallel_threads.cpp, or by parallel_openmp.cpp in builds that ask
// for OpenMP (PLN_OPENMP=ON). Results may not depend on which, nor on the number of threads, so
// `body` must write only to places that belong to its index.
#pragma once

#include <cstdint>
#include <functional>

#include "parallel/control.hpp"

namespace pl {

// Runs body(index) for index = 0..count-1, handed out in that order, on at most `threads` threads, the caller
// among them. Stops handing out once control is cancelled. The first exception of any body cancels the rest
// and is rethrown here.
void parallel_for(std::int64_t count, int threads, Control& control,
                  const std::function<void(std::int64_t)>& body);

// The same of work that nothing cancels; without a team for one thread.
inline void parallel_for(std::int64_t count, int threads, const std::function<void(std::int64_t)>& body) {
    if (threads > 1) {
        Control uncancelled;
        parallel_for(count, threads, uncancelled, body);
        return;
    }
    for (std::int64_t index = 0; index < count; ++index) body(index);
}

const char* parallel_runtime();  // "std::thread" or "OpenMP 201511"

// Whether the system has refused a thread so far: calls then have run on fewer than they asked for.
bool threads_refused();

// OMP_NUM_THREADS if set, else the CPUs of the affinity mask, at most the cgroup's quota; at least 1.
int default_threads();

// True in a child of fork(), which has none of its parent's threads: parallel_for runs serially there.
bool forked();

}  // namespace pl
