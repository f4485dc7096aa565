#include "problem/state.hpp"

#include <cmath>

namespace pl {

double output_size(const NeuronFacts& neurons) {
    double sum = 0;
    for (std::size_t j = 0; j < neurons.a.size(); ++j)
        sum += std::abs(neurons.a[j]) * std::sqrt(neurons.w_sq[j]);
    return sum;
}

std::vector<double> invariants(const NeuronFacts& neurons) {
    std::vector<double> values;
    values.reserve(neurons.a.size());
    for (std::size_t j = 0; j < neurons.a.size(); ++j)
        values.push_back(neurons.a[j] * neurons.a[j] - neurons.w_sq[j]);
    return values;
}

double invariant_drift(const std::vector<double>& start, const NeuronFacts& now) {
    double worst = 0;
    for (std::size_t j = 0; j < now.a.size(); ++j) {
        const double drift = std::abs(now.a[j] * now.a[j] - now.w_sq[j] - start[j]);
        if (!(drift <= worst)) worst = drift;  // also NaN, of squares beyond range
        if (std::isnan(worst)) break;
    }
    return worst;
}

}  // namespace pl
