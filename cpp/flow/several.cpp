#include "flow/several.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "flow/kernels.hpp"
#include "kernel/index.hpp"

namespace pl {
namespace {

constexpr double kDecayShare = 0.01;
constexpr double kSafety = 0.8;  // of a length that would just do
constexpr int kIterations = 20;  // for the norm of X
constexpr double kAbove = 1.2;   // what they find
// Steps between trials in vain. The fewer pairs there are, the less there is to gain: of 80 to 2000 pairs
// trials after 4 steps cost a tenth of a run, up to a fifth; of 60 000, pauses of 32 double its cost.
constexpr double kPausedPairs = 1.6e4;
constexpr double kLeastPause = 4.0, kMostPause = 64.0;  // the first
constexpr int kLongestPause = 256;

// Largest singular value of X, from above but for bad luck.
double norm_of_rows(const Inputs& in) {
    std::vector<double> u(at(in.stride())), v(at(in.n), 0.0);
    std::vector<int> all(at(in.n));
    for (int i = 0; i < in.n; ++i) all[at(i)] = i;
    for (int i = 0; i < in.n; ++i) {
        if (in.norm(i) == in.largest_norm()) v[at(i)] = 1.0;
    }
    double norm = 0.0;
    for (int k = 0; k < kIterations; ++k) {
        gather_sum(in.rows(), in.stride(), all.data(), in.n, v.data(), u.data());
        norm = std::sqrt(dot(u.data(), u.data(), in.stride()));
        if (!(norm > 0.0)) break;
        double sum = 0.0;
        for (int i = 0; i < in.n; ++i) {
            v[at(i)] = dot(u.data(), in.row(i), in.stride()) / norm;
            sum += v[at(i)] * v[at(i)];
        }
        norm = std::sqrt(sum);
        for (double& value : v) value /= norm;
    }
    return kAbove * std::max(norm, in.largest_norm());
}

// The error of a step goes as its third power: so does what the residuals are off, times its length.
double factor(double error) {
    return error > 0.0 ? kSafety / std::cbrt(error) : 2.0;
}

int first_pause(int n, Index p) {
    const double pairs = static_cast<double>(n) * static_cast<double>(p);
    return static_cast<int>(std::clamp(kPausedPairs / pairs, kLeastPause, kMostPause));
}

}  // namespace

Several::Several(const Inputs& inputs, Index p, const FlowOptions& options, const SeveralTerms& terms)
    : options_(options),
      possible_(inputs.dense() && !options.dense && options.order == 0),
      terms_(terms),
      first_pause_(std::max(first_pause(inputs.n, p), terms.pause)),
      next_pause_(first_pause_) {
    if (possible_) weight_ = norm_of_rows(inputs) / inputs.n;
}

void Several::go_on(const FlowPast& past) {
    length_ = past.length;
    pause_ = past.pause;
    next_pause_ = std::max(past.next_pause, first_pause_);
}

void Several::leave(FlowPast& past) const {
    past.length = length_;
    past.pause = pause_;
    past.next_pause = next_pause_;
}

double Several::error(double h, double off, double end) const {
    const double decay = std::min(kDecayShare, std::sqrt(options_.rtol)) * end;
    return std::max(h * weight_ * off / (terms_.share * options_.rtol), off / decay);
}

void Several::taken(double h, double error) {
    const double next = h * std::clamp(factor(error), 0.5, 2.0);
    length_ = h < length_ ? std::max(next, 0.5 * length_) : next;  // a row was in the way, or trust
    next_pause_ = first_pause_;
}

double Several::shorter(double h, double error) const {
    return h * (std::isfinite(error) ? std::clamp(factor(error), 0.1, 0.5) : 0.1);
}

void Several::in_vain() {
    length_ = 0.0;
    pause_ = next_pause_;
    next_pause_ = std::min(2 * next_pause_, kLongestPause);
}

void Several::ordinary(double h, bool event) {
    pause_ = std::max(pause_ - 1, 0);
    if (event && length_ == 0.0 && pause_ == 0) length_ = terms_.first * h;
}

}  // namespace pl
