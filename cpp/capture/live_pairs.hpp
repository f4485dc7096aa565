// The live pairs of a network on orthogonal inputs, packed as kernel/live_steps.hpp says, and the sweeps over
// them. Points are taken with positive labels first, so that whole words are dead once the wrongly signed
// pairs are. Cut into parts, a number fixed by (n, p): threads take parts, sums are added in the
// order of parts.
#pragma once

#include <cstddef>
#include <vector>

#include "capture/cut.hpp"
#include "capture/pages.hpp"
#include "kernel/index.hpp"
#include "kernel/live_steps.hpp"
#include "problem/buffer.hpp"
#include "problem/problem.hpp"

namespace pl {

// Outer weights of a move, one per neuron.
struct OuterWeights {
    const double *abar, *a, *escape;  // as in LiveArgs
    const unsigned char* crossing;
};

// Sums over the points, one per neuron.
struct NeuronSums {
    std::vector<double> squares, products;
};

class LivePairs {
  public:
    // `cut` is asked between blocks, here and by norms() and residuals() of a move: nothing of what was cut
    // off may be used then. What changes or shows the state is never cut.
    LivePairs(const Problem<double>& problem, const LiveKernel& kernel, int threads, Cut cut = nullptr);

    // Sets the move: pushes norms_i Q_i / n. Sums of LiveKernel::norms; returns sum (w'_ji - w_ji)^2.
    double norms(const double* impulse, const OuterWeights& outer, NeuronSums& sums);
    // The residuals r (n) after the move, in the caller's order. Returns their sum of squares.
    double residuals(const OuterWeights& outer, double* r);
    // The move becomes the state. The values follow in the sweep of the next norms, or when they are asked
    // for: a pass over them less per step.
    void accept(const OuterWeights& outer);
    // At the state, for residuals r: sums of LiveKernel::rates with push_i = norms_i r_i / n.
    void rates(const double* r, NeuronSums& sums);

    Index count();
    // sums_i (n) = sum of weights_j over the live pairs of point i.
    void weigh(const double* weights, double* sums);
    // Sum of y_i^2 over the points without a live pair that can help: one whose neuron has sign 0 or
    // that of y_i.
    double unreached_label_sq(const std::vector<int>& sign);
    // sum_j |w_ji|^2 over the pairs that started dead: they stay as they were.
    const std::vector<double>& dead_squares() const { return dead_squares_; }
    void write_state(double* W);  // (p, n)

    static double bytes(const Problem<double>& problem);

  private:
    struct Part {
        Index first = 0, last = 0;  // blocks
        Index count = 0, left = 0;  // values; of them, after the sweep under way
        Pages values;
        double sum = 0;
        bool deaths = false;
    };

    bool cut() const { return cut_ && cut_(); }
    CutOff cut_off() const {
        return {[](const void* whom) { return static_cast<const LivePairs*>(whom)->cut(); }, this};
    }
    static std::size_t value_bytes(Index count);
    std::vector<const double*> values_of(Index chunk, Index chunks) const;
    const double* write_block(Index b, Index j, const double* value, double* W) const;
    Index find_live(Part& part, double* dead_squares);
    void fill(Part& part);
    template <class Chunk>
    void sweep(const OuterWeights& outer, bool whole, const Chunk& chunk);
    // Makes the move that was accepted. Values of pairs that died are given back.
    void settle();
    // The same where the bits alone are wanted: a move that ends no pair leaves them as they are.
    void settle_bits();
    void shrink();
    void rate_push(const double* r, Index b, double* push) const;
    void clear_lanes();
    void collect(Index first, Index count, NeuronSums& sums) const;
    double total() const;

    const Problem<double> problem_;
    const LiveKernel& kernel_;
    const int threads_;
    const Cut cut_;
    Index n_, p_, blocks_, positive_ = 0;  // points with positive labels
    std::vector<std::int32_t> order_;      // place -> the caller's index
    std::vector<Part> parts_;
    Buffer<Word> words_;               // (blocks, p)
    Buffer<double> push_, last_push_;  // (64 blocks): of the move, of the one accepted
    Buffer<double> lanes_;             // per part: squares (p, lanes), products (p, lanes)
    std::vector<double> last_abar_;    // (p)
    bool deaths_ = false, last_deaths_ = false, pending_ = false;
    std::vector<double> dead_squares_;
};

}  // namespace pl
