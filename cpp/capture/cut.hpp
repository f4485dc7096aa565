// How a run of the capture method is left half-way: asked between blocks of all that takes long.
#pragma once

#include <exception>
#include <functional>

namespace pl {

using Cut = std::function<bool()>;

// Thrown by constructors that were cut off: there is no state yet that could be returned.
struct CutShort : std::exception {};

inline void leave_if(const Cut& cut) {
    if (cut && cut()) throw CutShort{};
}

}  // namespace pl
