// Steps of a run that stands: time goes by.
#include "capture/meshes.hpp"

namespace pl {
namespace {

constexpr double kStanding = 4.0;  // times longer, a step of a run that stands than the last

}  // namespace

// A step over H in which nothing moves, but that the watch may end it.
double Meshes::stand(double t, double H) {
    const double whole = H;
    const auto here = [this](double, double* W, double* a) { fine_.model->write_state(W, a); };
    if (watch_ != nullptr) H = watch_->along(t, whole, here);
    ++accepted_;
    next_ = kStanding * whole;
    marks_.push_back({H, fine_.model->sum_r2()});
    if (H < whole) {
        stuck_ = Status::kEvent;
        mark_end(t, t + H);
    }
    return marks_.back().t;
}

}  // namespace pl
