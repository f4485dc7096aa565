// Numbers whose memory is not written to before they are: what a run returns may be most of the memory there
// is, and zeros put there first take longer than the numbers (p d = 3e7: 0.12 s). Not in huge pages: to clear
// one that a virtual machine was not given yet takes ten times what its small pages, used before, take.
#pragma once

#include <cstdlib>
#include <new>
#include <utility>
#include <vector>

namespace pl {

template <class T>
struct Unset {
    using value_type = T;

    Unset() = default;
    template <class U>
    Unset(const Unset<U>&) {}  // NOLINT(google-explicit-constructor): what an allocator has to allow

    T* allocate(std::size_t count) {
        void* const memory = std::malloc(count * sizeof(T));
        if (memory == nullptr) throw std::bad_alloc();
        return static_cast<T*>(memory);
    }
    void deallocate(T* memory, std::size_t) { std::free(memory); }

    template <class U>
    void construct(U* place) {
        ::new (static_cast<void*>(place)) U;
    }
    template <class U, class... Args>
    void construct(U* place, Args&&... args) {
        ::new (static_cast<void*>(place)) U(std::forward<Args>(args)...);
    }

    bool operator==(const Unset&) const { return true; }
    bool operator!=(const Unset&) const { return false; }
};

template <class T>
using UnsetVector = std::vector<T, Unset<T>>;  // after resize its new numbers are anything

}  // namespace pl
