// The one type of sizes and indices, and the step from it to those of the standard library and back.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pl {

using Index = std::int64_t;

// An index of ours as one of std::vector or std::array.
inline constexpr std::size_t at(Index k) {
    return static_cast<std::size_t>(k);
}

// How many elements a container holds.
template <class Container>
constexpr Index size_of(const Container& container) {
    return static_cast<Index>(container.size());
}

}  // namespace pl
