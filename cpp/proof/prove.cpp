#include "proof/prove.hpp"

#include <algorithm>
#include <initializer_list>

#include "problem/memory.hpp"
#include "proof/assembly.hpp"
#include "proof/convergence.hpp"
#include "proof/criterion.hpp"
#include "proof/holding.hpp"
#include "proof/orthogonal_proof.hpp"
#include "proof/orthogonal_rows.hpp"
#include "proof/trapping.hpp"

namespace pl {
namespace {

// The S-procedure with tau = 0.1 doubles the radius allowed at n >= 300; with 1e-3 it is the projection but
// for as much, sharper for small n.
constexpr std::initializer_list<double> kTaus{0.1, 1e-3};

// Both halves of the theorem: no pair slides there, and none that is off ever moves.
bool try_orthogonal(const Problem<double>& problem, Proof& proof) {
    const OrthogonalProof found = prove_orthogonal(problem);
    proof.reason = found.reason;
    proof.needed_over_allowed = found.needed_over_allowed;
    if (!found.proved) return false;
    proof.verdict = found.dead > 0 ? Proved::kDeadPoint : Proved::kConverges;
    static_cast<Ball&>(proof) = found;
    proof.dead = found.dead;
    return true;
}

void list_uncertain(const Enclosure& state, Proof& proof) {
    const std::vector<Pattern> patterns = patterns_at(state, proof.rho);
    for (Index j = 0; j < state.p; ++j)
        for (Index i : patterns[at(j)].uncertain) proof.pairs.push_back({j, i, PairClass::kUncertain, 0});
}

void list_kinks(const std::vector<NeuronKinks>& neurons, Proof& proof) {
    for (std::size_t j = 0; j < neurons.size(); ++j) {
        const PairClass kind = neurons[j].kind == Kind::kSlides ? PairClass::kSlides : PairClass::kRests;
        for (const Kink& kink : neurons[j].kinks)
            for (Index i : kink.points) proof.pairs.push_back({static_cast<Index>(j), i, kind, 0});
    }
}

template <class Found>
bool take(const Found& found, Proved verdict, Proof& proof) {
    if (!found.proved) return false;
    proof.verdict = verdict;
    static_cast<Ball&>(proof) = found;
    return true;
}

bool try_convergence(const Enclosure& state, Workers workers, Proof& proof) {
    const Convergence found = prove_convergence(state, kTaus, workers);
    proof.needed_over_allowed = found.needed_over_allowed;
    if (!take(found, Proved::kConverges, proof)) return false;
    proof.tau = found.tau;
    proof.uncertain = found.uncertain;
    list_uncertain(state, proof);
    return true;
}

bool try_criterion(const Enclosure& state, Workers workers, Proof& proof) {
    if (!prove_by_criterion(state, workers, proof)) return false;
    proof.verdict = Proved::kConverges;
    proof.reason.clear();
    return true;
}

bool try_trapping(const Enclosure& state, Workers workers, Known known, Proof& proof) {
    const Trapping found = prove_trapping(state, workers, known);
    proof.reason = found.reason;
    proof.needed_to_trap = found.needed_over_allowed;
    if (!take(found, Proved::kTrapped, proof)) return false;
    proof.settled = found.settled;
    proof.sliding = found.sliding;
    proof.resting = found.resting;
    list_kinks(found.neurons, proof);
    return true;
}

void try_holding(const Enclosure& state, Workers workers, Proof& proof) {
    const Holding held = prove_holding(state, workers);
    if (!held.proved) return;
    proof.held_until = held.until;
    proof.held_bound = held.bound;
    proof.rho = held.rho;
    proof.dual = held.dual;
    for (const FreePair& pair : held.pairs)
        proof.pairs.push_back({pair.neuron, pair.point, PairClass::kFree, pair.share});
}

// What attempt(state, orthogonal, proof) finds; nothing, with a reason, where the numbers allow no enclosure.
template <class Attempt>
Proof attempted(const Problem<double>& problem, Workers workers, const Attempt& attempt) {
    Proof proof;
    const bool orthogonal = orthogonal_rows(problem, workers);
    if (orthogonal && (try_orthogonal(problem, proof) || problem.norms != nullptr)) return proof;
    require_bytes(assembly_bytes(problem.n, problem.d, problem.p));
    const Enclosure state(problem, workers);
    if (state.finite)
        attempt(state, orthogonal, proof);
    else
        proof.reason = "numbers out of range";
    return proof;
}

}  // namespace

Proof prove(const Problem<double>& problem, Workers workers) {
    return attempted(problem, workers, [&](const Enclosure& state, bool orthogonal, Proof& proof) {
        proof.escapes = escapes(state);
        const bool proved =
            !orthogonal && (try_convergence(state, workers, proof) || try_criterion(state, workers, proof) ||
                            try_trapping(state, workers, Known::kMayBeLeft, proof));
        if (!proved) try_holding(state, workers, proof);
    });
}

Proof prove(const Problem<double>& problem, Aim aim, Workers workers) {
    return attempted(problem, workers, [&](const Enclosure& state, bool orthogonal, Proof& proof) {
        if (orthogonal) return;
        if (aim == Aim::kTrapping)
            try_trapping(state, workers, Known::kStays, proof);
        else if (!try_convergence(state, workers, proof))
            try_criterion(state, workers, proof);
    });
}

}  // namespace pl
