#include "capture/mean_motion.hpp"

#include "kernel/index.hpp"

namespace pl {

NeuronMotion MeanMotion::since(const DenseState& before, const DenseState& now, double h) const {
    constexpr double kLeast = 1e-145;  // of the time: a rate over less is beyond range
    const double span = clock_ - at_;
    const bool marked = !W_.empty() && span >= kLeast * clock_ && span > 0;
    const double length = marked ? span : h;
    const double* W0 = marked ? W_.data() : before.W.data();
    const double* a0 = marked ? a_.data() : before.a.data();
    NeuronMotion motion;
    for (Index j = 0; j < now.p(); ++j) {
        const double *w = now.w_of(j), *w0 = W0 + j * now.stride, a = now.a.data()[j];
        double speed_sq = 0, growth = 0;
        for (Index k = 0; k < now.d; ++k) {
            const double v = (w[k] - w0[k]) / length;
            speed_sq += v * v;
            growth += w[k] * v;
        }
        const double rate = (a - a0[j]) / length;
        motion.speed_sq.push_back(speed_sq + rate * rate);
        motion.growth.push_back(growth + a * rate);
    }
    return motion;
}

void MeanMotion::mark(const DenseState& now) {
    constexpr double kMost = 0.2;  // of the time
    if (!W_.empty() && clock_ - at_ < kMost * clock_) return;
    W_.assign(now.W.data(), now.W.data() + now.W.size());
    a_.assign(now.a.data(), now.a.data() + now.p());
    at_ = clock_;
}

}  // namespace pl
