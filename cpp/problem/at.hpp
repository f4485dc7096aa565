// An index of ours, int or Index, as one of std::vector.
#pragma once

#include <cstddef>

#include "kernel/kernel.hpp"

namespace pl {

inline std::size_t at(Index k) {
    return static_cast<std::size_t>(k);
}

}  // namespace pl
