// When a run looks for a proof of its end (Stop(proof=True)), and what it may claim then.
#pragma once

#include <vector>

#include "problem/rows.hpp"
#include "problem/verdict.hpp"
#include "proof/prove.hpp"

namespace pl {

// needed/allowed falls as sqrt(L) (of what the pattern can still remove), so that one failed attempt tells
// where the next one will do: two fail at most, but for one more where the run would end otherwise.
class ProofSearch {
  public:
    ProofSearch(const Problem<double>& problem, const StopRules& stop, const Poll& poll, int threads)
        : problem_(problem), stop_(stop), poll_(poll), threads_(threads) {}

    // `judged`: what the verdict says of the moment. Whether something was proved, and noted there: then it
    // has to be asked again.
    bool look(const Moment& moment, State<double>& state, Status judged, Verdict<double>& verdict);
    // Whether `look` would try to prove something.
    bool due(const Moment& moment, State<double>& state, Status judged, Verdict<double>& verdict) const;
    const Claim& claim() const { return claim_; }

  private:
    struct Tries {
        bool convergence = false, trapping = false;
        double slow = 0;  // local_pl t
    };
    Tries tries(const Moment& moment, State<double>& state, Status judged, Verdict<double>& verdict) const;
    bool attempt(Aim aim, const Moment& moment, State<double>& state, double slow, Verdict<double>& verdict);
    void learn(Aim aim, const Proof& proof, const Moment& moment, double slow, ProofMarks& marks) const;

    const Problem<double>& problem_;
    const StopRules& stop_;
    const Poll& poll_;
    const int threads_;
    std::vector<double> W_, a_;
    Claim claim_;
};

}  // namespace pl
