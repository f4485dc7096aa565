// What the theorem of docs/proofs.md says of the flow from a state, once it is proved.
#pragma once

namespace pl {

struct Ball {
    double rho = 0, rate = 0, distance = 0;  // radius; mu_rho; of the limit from the state, from above
    double smallest = 0;                     // k: of K_rho on V, from below
    double moved = 0;  // the proof is of the state moved by this: pairs put on their kinks
    double limit_low = 0, limit_high = 0;  // of the loss
};

}  // namespace pl
