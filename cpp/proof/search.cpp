#include "proof/search.hpp"

#include <algorithm>
#include <cmath>
#include <new>

#include "kernel/index.hpp"

namespace pl {
namespace {

// The first attempts: a run at 5e-5 of the criterion's level is proved at n = 60, 300, 1000 and mostly at
// 1700; one at rest has lost its speed.
constexpr double kFirstBelow = 5e-5, kFirstSlow = 1e-9;
constexpr double kFirstSlowMean = 1e-7;  // of capture, whose speed at rest is the rounding of its steps
constexpr double kSurer = 0.7;           // the next attempt is where needed/allowed should be that
constexpr double kHopeless = 1e-3;       // of sum r^2, where K_rho was not even positive
constexpr double kSlower = 1e-4;         // of local_pl t, where less speed did not seem to help; and at least
constexpr double kSlowerMean = 1e-2;
constexpr Index kFails = 2;
constexpr Index kCheapFails = 16;  // of orthogonal inputs, whose attempts cost a look at every pair
constexpr double kAtRest = 1e-2;   // local_pl t beyond which nothing is trapped yet

bool would_end(Status judged, const Moment& moment) {
    return judged == Status::kConverged || judged == Status::kCriterion || judged == Status::kTarget ||
           judged == Status::kEvent || judged == Status::kStalled || judged == Status::kStepLimit ||
           (judged == Status::kHorizon && moment.end);
}

// Where, as a share of what goes as its square, needed/allowed should be kSurer.
double share_of(double off, double least, double most, double otherwise) {
    if (!std::isfinite(off) || !(off > 0)) return otherwise;
    return std::clamp(kSurer * kSurer / (off * off), least, most);
}

Status status_of(Proved verdict) {
    switch (verdict) {
        case Proved::kConverges:
            return Status::kConverged;
        case Proved::kDeadPoint:
            return Status::kDeadPoint;
        case Proved::kTrapped:
            return Status::kTrapped;
        default:
            return Status::kHorizon;  // asked of what is proved only
    }
}

}  // namespace

ProofSearch::Tries ProofSearch::tries(const Moment& moment, State<double>& state, Status judged,
                                      Verdict<double>& verdict) const {
    Tries none, tries;
    if (!stop_.proof || judged == Status::kNonFinite || moment.cancelled) return none;
    ProofMarks& marks = verdict.marks();
    const bool last = would_end(judged, moment);
    const Index fails = problem_.orthogonal ? kCheapFails : kFails;
    if (marks.failed >= fails && !last) return none;
    const double speed_sq = moment.mean_speed_sq ? *moment.mean_speed_sq : state.velocity_sq();
    const double loss = state.sum_r2() / (2 * static_cast<double>(problem_.n));
    tries.slow = speed_sq * moment.t / (static_cast<double>(problem_.p) * loss);
    if (marks.below < 0) {
        marks.below = kFirstBelow * verdict.level();
        marks.slow = moment.mean_speed_sq ? kFirstSlowMean : kFirstSlow;
    }
    const bool certain = verdict.milestones().proved >= 0;  // by the criterion's own certificate
    tries.convergence = certain || state.sum_r2() < (last ? verdict.level() : marks.below);
    tries.trapping = !certain && tries.slow < (last ? kAtRest : marks.slow) && moment.t > 0;
    return tries;
}

bool ProofSearch::due(const Moment& moment, State<double>& state, Status judged,
                      Verdict<double>& verdict) const {
    const Tries all = tries(moment, state, judged, verdict);
    return all.convergence || all.trapping;
}

bool ProofSearch::look(const Moment& moment, State<double>& state, Status judged, Verdict<double>& verdict) {
    const Tries all = tries(moment, state, judged, verdict);
    if (all.convergence && attempt(Aim::kConvergence, moment, state, all.slow, verdict)) return true;
    return all.trapping && attempt(Aim::kTrapping, moment, state, all.slow, verdict);
}

bool ProofSearch::attempt(Aim aim, const Moment& moment, State<double>& state, double slow,
                          Verdict<double>& verdict) {
    W_.resize(at(problem_.p * problem_.d));
    a_.resize(at(problem_.p));
    state.write_state(W_.data(), a_.data());
    Problem<double> now = problem_;
    now.W = W_.data();
    now.a = a_.data();
    now.kinks = state.kinks();  // so that the end state, saved with them, has the same proof
    Control control([this](Index) { return poll_ && poll_(); });
    Proof proof;
    try {
        proof = prove(now, aim, {threads_, control});
    } catch (const std::bad_alloc&) {  // no room for K: the run goes on without
        verdict.marks().failed = kCheapFails;
        return false;
    }
    if (proof.verdict == Proved::kNothing) {
        learn(aim, proof, moment, slow, verdict.marks());
        return false;
    }
    claim_ = {true, proof.rate, proof.distance, proof.limit_low, proof.limit_high};
    verdict.note_proof(status_of(proof.verdict), moment.now);
    return true;
}

void ProofSearch::learn(Aim aim, const Proof& proof, const Moment& moment, double slow,
                        ProofMarks& marks) const {
    ++marks.failed;
    if (problem_.orthogonal) {
        marks.below = moment.sum_r2 / 4;
        marks.slow = slow / 16;
    } else if (aim == Aim::kConvergence) {
        marks.below = moment.sum_r2 * share_of(proof.needed_over_allowed, 0, 0.25, kHopeless);
    } else {
        const double slower = moment.mean_speed_sq ? kSlowerMean : kSlower;
        marks.slow = slow * share_of(proof.needed_to_trap, slower, 0.5, slower);
    }
}

}  // namespace pl
