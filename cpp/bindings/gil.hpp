// The GIL of a Python that may be ending. Threads that ask for it then are ended by Python (to 3.13), through
// frames of C++ that cannot be left in that way, and the process is aborted: a daemon thread with a run under
// way, as a Dask worker's, is enough. Here such a thread sleeps until the process is gone, as of Python 3.14.
#pragma once

#include <pybind11/pybind11.h>

#include <optional>

namespace pl {

// Has Python tell when it begins to end.
void watch_for_the_end();

// Whether it has begun, and this thread is not the one that ends it.
bool python_ends();

// The GIL, for a thread that has released it.
class TakenGil {
  public:
    TakenGil();

  private:
    std::optional<pybind11::gil_scoped_acquire> gil_;
};

// Without the GIL.
class ReleasedGil {
  public:
    ReleasedGil() = default;
    ~ReleasedGil();
    ReleasedGil(const ReleasedGil&) = delete;
    ReleasedGil& operator=(const ReleasedGil&) = delete;

  private:
    std::optional<pybind11::gil_scoped_release> release_{std::in_place};
};

}  // namespace pl
