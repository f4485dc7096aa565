// What can be proved of the flow from a state: the theorem of docs/proofs.md, or until when the loss is held
// up.
#pragma once

#include <string>
#include <vector>

#include "proof/ball.hpp"
#include "proof/escape.hpp"

namespace pl {

enum class Proved { kNothing, kConverges, kTrapped, kDeadPoint };

// A pair that is neither simply on nor simply off, and what the proof takes it for.
enum class PairClass { kUncertain, kSlides, kRests, kFree };

struct ProofPair {
    Index neuron, point;
    PairClass kind;
    double share;  // of a free pair: lam in [0, 1] of the dual bound
};

struct Proof : Ball {  // where nothing is proved rho is the dual bound's radius
    Proved verdict = Proved::kNothing;
    std::string reason;                     // why there is no verdict
    double tau = 0;                         // of the S-procedure
    double needed_over_allowed = 0;         // best ell / rho of the attempts at convergence
    double needed_to_trap = 0;              // the same of the attempts at trapping
    double settled = 0;                     // time within which sliding pairs reach their kinks
    double held_until = 0, held_bound = 0;  // 0: nothing is held
    Index uncertain = 0, sliding = 0, resting = 0, dead = 0;  // pairs, pairs, pairs, points
    std::vector<ProofPair> pairs;  // none of orthogonal inputs given by their norms
    std::vector<double> dual;      // (n): g of the dual bound, where something is held
    std::vector<Escape> escapes;   // neurons at 0
};

// The state is (problem.W, problem.a), with those of its kinks that its numbers are on and those of `pairs`
// that slide or rest. Throws MemoryBudget before any work.
Proof prove(const Problem<double>& problem, Workers workers);

// One half of the theorem at a time, and nothing else, for a run that goes on if it fails. Orthogonal inputs:
// both. The state is that with all its kinks.
enum class Aim { kConvergence, kTrapping };
Proof prove(const Problem<double>& problem, Aim aim, Workers workers);

}  // namespace pl
