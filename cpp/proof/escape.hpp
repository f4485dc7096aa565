// Neurons at w_j = 0, where the selection rule keeps them for ever: the direction in which each would leave.
#pragma once

#include "proof/enclosure.hpp"

namespace pl {

struct Escape {
    Index neuron;
    double gain;  // (a_j/n) sum_i r_i max(<u, x_i>, 0), from below, at the best unit u found; 0: none gains
    std::vector<double> direction;  // u (d)
};

std::vector<Escape> escapes(const Enclosure& state);

}  // namespace pl
