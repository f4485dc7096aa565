// How a kernel that takes long is left half-way.
#pragma once

namespace pl {

// Asked before every block of what takes long; true leaves it half-way, and nothing of it is used.
struct CutOff {
    bool (*ask)(const void* whom) = nullptr;
    const void* whom = nullptr;

    bool operator()() const { return ask != nullptr && ask(whom); }
};

}  // namespace pl
