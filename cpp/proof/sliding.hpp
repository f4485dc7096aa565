// Whether the pairs of a neuron that rest at their kinks will go on doing so: condition (M) of the theorem.
#pragma once

#include "proof/kinks.hpp"

namespace pl {

struct Hold {
    bool sound = false;
    const char* reason = "";
    std::vector<Index> points;  // of the kinks, one each
    double allowed = 0;         // (M) holds as long as the residual moves by less than this in norm
    double time = 0;            // within which every z_ji reaches 0 (slides); 0 for pairs at rest
    double moved = 0;           // how far w_j is put, so that every z_ji is 0 (rests)
    double least = 0;           // sigma_min(X_T)^2, from below
    double apart = 0;           // norm of the part of w_j in span(x_T), from above (slides)
};

// norm of (w_j', a_j') from above, w_j' without its part in the span of the inputs `points`: how fast a
// neuron that moves does so once its kinks slide.
double slow_speed(const Enclosure& state, Index j, const std::vector<Index>& on,
                  const std::vector<Index>& points);

// Of a neuron of kind kSlides: 0 < q_i / r_i < 1 with the margins to spare.
Hold hold_sliding(const Enclosure& state, Index j, const NeuronKinks& neuron);

// Of a neuron of kind kRests or kZero: a_j r_i < 0 at every kink.
Hold hold_resting(const Enclosure& state, Index j, const NeuronKinks& neuron);

}  // namespace pl
