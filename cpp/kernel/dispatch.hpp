// Which level of the kernel runs here. Chosen once, at first use: the best the processor
// has, or PL_NATIVE_ISA.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "kernel/active.hpp"
#include "kernel/damped.hpp"
#include "kernel/held.hpp"
#include "kernel/kernel.hpp"
#include "kernel/kinks.hpp"
#include "kernel/live_steps.hpp"
#include "kernel/products.hpp"
#include "kernel/sums.hpp"
#include "kernel/turns.hpp"

namespace pl {

struct Level {
    std::string name;
    const Kernel<float>* f32;
    const Kernel<double>* f64;
    const SumKernel* sums;
    const KinkKernel* kinks;
    const LiveKernel* live;
    const DampedKernel* damped;
    const ProductKernel* products;
    const HeldKernel* held;
    const TurnKernel* turns;
    const ActiveKernel* active;
};

// Levels built in and runnable on this processor, lowest first.
const std::vector<Level>& levels();

// The chosen level. Throws std::invalid_argument when PL_NATIVE_ISA names none of levels().
const Level& level();

template <class Real>
const Kernel<Real>& kernel();

}  // namespace pl
