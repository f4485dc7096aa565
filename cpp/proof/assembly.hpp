// K_rho of docs/proofs.md with V = R^n, at one radius: the share of each neuron, their sum as a matrix, and
// as a product with a vector, which costs a tenth of it.
#pragma once

#include "proof/elimination.hpp"
#include "proof/enclosure.hpp"

namespace pl {

struct Pattern {  // of one neuron, at a radius rho
    std::vector<Index> on, uncertain;
};

// Pairs within rho of their kinks are uncertain, those of a dead neuron (every z_ji < 0, exactly) off for
// ever.
std::vector<Pattern> patterns_at(const Enclosure& state, double rho);

class Assembly {
  public:
    // `tau` of the S-procedure. Holds on to `state`.
    Assembly(const Enclosure& state, double rho, double tau, Workers workers);

    // K_rho, its lower triangle, and how far it may be from what is meant.
    Matrix matrix(double& charge) const;
    // K_rho x, rounded: nothing to base a proof on.
    std::vector<double> product(const std::vector<double>& x) const;

    Index uncertain = 0;  // pairs

  private:
    struct Share {
        double weight = 0;  // am_j^2, from below; 0: the neuron counts nothing
        std::vector<Index> support;
        std::vector<bool> on;
        Elimination taken;
    };

    Share share(Index j, const Pattern& pattern, double rho, double tau) const;
    void add_share(const Share& s, const std::vector<double>& x, double* to) const;
    Matrix stack() const;  // side by side, all that is taken away

    const Enclosure& state_;
    Workers workers_;
    std::vector<Share> shares_;
};

// Bytes that the search of a radius takes at most, two more matrices (n, n) included.
double assembly_bytes(Index n, Index d, Index p);

}  // namespace pl
