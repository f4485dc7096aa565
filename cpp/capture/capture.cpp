#include "capture/capture.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>

#include "capture/dense.hpp"
#include "capture/step.hpp"

namespace pl {
namespace {

constexpr double kOrderGain = 1.8;  // 2^q - 1 for q = 1.5, between kinks (1) and smooth stretches (2)
const int kSubsteps = std::getenv("CK") ? std::atoi(std::getenv("CK")) : 2;
constexpr double kFirstDrop = 0.02;  // the first step lowers log L by about as much
constexpr int kRestarts = 8;

using Clock = std::chrono::steady_clock;

// A model and the method that steps it.
struct Mesh {
    Mesh(std::unique_ptr<CaptureModel> m, int substeps) : model(std::move(m)), step(*model, substeps) {}
    std::unique_ptr<CaptureModel> model;
    CaptureStep step;
};

class Capture {
  public:
    Capture(const FlowProblem& problem, const FlowOptions& options, int threads, const Poll& poll)
        : problem_(problem), options_(options), poll_(poll), threads_(threads) {
        if (problem.X != nullptr) inputs_ = std::make_shared<CaptureInputs>(problem, threads);
        for (int i = 0; i < problem.n; ++i) level_ = std::min(level_, problem.y[i] * problem.y[i]);
    }

    FlowResult run() {
        tolerance_ = options_.order > 0 ? options_.rtol : 0.1 * std::pow(options_.rtol / 1e-3, 2.5) * 1e-3;
        for (int restart = 0;; ++restart) {
            last_chance_ = restart == kRestarts;
            if (once()) break;
            tolerance_ *= std::clamp(0.5 * std::pow(options_.rtol / excess_, 2.5), 1e-4, 0.25);
            ++result_.count.restarts;
        }
        return std::move(result_);
    }

  private:
    // One run at the present tolerance; false if the error of the loss exceeds what was asked.
    bool once() {
        begin();
        for (;;) {
            const Status status = check();
            if (save_ < options_.save.size() && options_.save[save_] <= t_) {
                record();
                ++save_;
            }
            if (status != Status::kHorizon || t_ >= options_.t_end) {
                finish(status);
                return true;
            }
            if (!advance()) return false;
        }
    }

    std::unique_ptr<Mesh> make_mesh(int substeps) const {
        return std::make_unique<Mesh>(std::make_unique<DenseCapture>(inputs_, threads_), substeps);
    }

    void begin() {
        evaluations_ += fine_ ? fine_->model->evaluations() + coarse_->model->evaluations() : 0;
        const FlowCounters kept = result_.count;
        result_ = FlowResult();
        result_.count.restarts = kept.restarts;
        fine_ = make_mesh(kSubsteps);
        coarse_ = make_mesh(std::getenv("CC") ? std::atoi(std::getenv("CC")) : kSubsteps);
        start_ = fine_->model->neurons();
        first_loss_ = fine_->model->sum_r2();
        t_ = 0;
        save_ = 0;
        steps_ = 0;
        worst_ = 0;
        const double rate = fine_->model->velocity_sq() / (problem_.p * first_loss_ / (2.0 * problem_.n));
        h_ = std::min(kFirstDrop / std::max(rate, 1e-300), options_.t_end);
    }

    double horizon() const { return save_ < options_.save.size() ? options_.save[save_] : options_.t_end; }

    bool advance() {
        const double left = horizon() - t_;
        double H = std::min(h_, options_.max_step);
        if (H >= left) H = left;
        else if (2 * H > left) H = 0.5 * left;
        CaptureModel &coarse = *coarse_->model;
        coarse_->step.set_radius(fine_->step.radius());
        for (int tries = 0;; ++tries) {
            coarse_->step.attempt(H);
            const double before = coarse.sum_r2(), after = coarse.trial_sum_r2();
            const double drop = std::max(std::log(before / after), 1e-3 * H);
            const double error = coarse_->step.error() * drop / tolerance_;
            const double factor = std::clamp(0.9 * std::cbrt(1 / std::max(error, 1e-9)), 0.3, 2.0);
            if ((error <= 1.2 && after <= before) || tries > 40) {
                if (H >= h_ || factor < 1) h_ = H * factor;
                break;
            }
            ++result_.count.rejected;
            H *= std::min(factor, 0.7);
            h_ = H;
        }
        coarse_->step.accept(H);
        half(0.5 * H, 0);
        half(0.5 * H, 0);
        t_ = H >= left ? horizon() : t_ + H;
        const double f = fine_->model->sum_r2(), c = coarse.sum_r2();
        error_ = std::abs(f - c) / (kOrderGain * f);
        worst_ = std::max(worst_, error_);
        excess_ = error_;
        return last_chance_ || options_.order > 0 || error_ * f <= options_.rtol * f + options_.atol * first_loss_;
    }

    // The fine mesh over h; in two where the loss would rise.
    void half(double h, int depth) {
        CaptureModel& fine = *fine_->model;
        fine_->step.attempt(h);
        if (!(fine.trial_sum_r2() <= fine.sum_r2()) && depth < 12) {
            half(0.5 * h, depth + 1);
            half(0.5 * h, depth + 1);
            return;
        }
        const double before = fine.sum_r2();
        travel_ = fine.trial_travel_sq() / (h * h);
        fine_->step.accept(h);
        ++steps_;
        const double after = fine.sum_r2();
        if (result_.criterion_time < 0 && after < level_ && before >= level_)
            result_.criterion_time = t_ + h * std::log(before / level_) / std::log(before / after);
    }

    Status check() {
        const FlowStop& stop = options_.stop;
        const CaptureModel& fine = *fine_->model;
        const double n = problem_.n, sum = fine.sum_r2(), upper = sum * (1 + 2 * error_), loss = sum / (2 * n);
        Status status = Status::kHorizon;
        const auto hold = [&status](bool holds, Status which) {
            if (holds) status = std::min(status, which);
        };
        hold(!std::isfinite(loss), Status::kNonFinite);
        if (upper < level_ && problem_.certifiable && result_.proved_time < 0 &&
            proves_convergence(inputs_->problem(), fine.neurons(), fine.outputs(), fine.output_terms()))
            result_.proved_time = t_;
        if (problem_.orthogonal) {
            const double dead = fine.dead_label_sq() / (2 * n) * (1 - 1e-12);
            result_.loss_bound = dead > 0 ? dead : -1.0;
        }
        if (stop.criterion) {
            hold(result_.proved_time >= 0, Status::kConverged);
            hold(upper < level_, Status::kCriterion);
            hold(result_.loss_bound > 0, Status::kDeadPoint);
        }
        hold(stop.loss > 0 && loss <= stop.loss, Status::kTarget);
        hold(stop.stall > 0 && t_ > 0 && travel_ * t_ < stop.stall * problem_.p * loss, Status::kStalled);
        if (poll_ && poll_()) hold(true, Status::kInterrupted);
        hold(stop.wall_time >= 0 && elapsed() >= stop.wall_time, Status::kWallTime);
        hold(stop.max_steps >= 0 && steps_ >= stop.max_steps, Status::kStepLimit);
        return status;
    }

    double elapsed() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

    void record() {
        CaptureModel& fine = *fine_->model;
        result_.t.push_back(t_);
        result_.loss.push_back(fine.sum_r2() / (2.0 * problem_.n));
        result_.loss_error.push_back(t_ > 0 ? error_ : 0.0);
        result_.velocity_sq.push_back(fine.velocity_sq());
        result_.n_active.push_back(fine.n_active());
        result_.invariant_drift.push_back(invariant_drift(start_, fine.neurons()));
        if (!options_.states) return;
        append(result_.W_saved, result_.a_saved);
    }

    void append(std::vector<double>& W, std::vector<double>& a) const {
        const std::size_t p = static_cast<std::size_t>(problem_.p), from = W.size();
        W.resize(from + p * static_cast<std::size_t>(problem_.d));
        a.resize(a.size() + p);
        fine_->model->write_state(W.data() + from, a.data() + a.size() - p);
    }

    void finish(Status status) {
        const bool has_row = !result_.t.empty() && result_.t.back() == t_;
        if (!has_row && (t_ < options_.t_end || result_.t.empty())) record();
        append(result_.W, result_.a);
        result_.status = status;
        FlowCounters& count = result_.count;
        count.accepted = steps_;
        count.rhs = evaluations_ + fine_->model->evaluations() + coarse_->model->evaluations();
        count.stabilised_steps = fine_->step.stabilised();
        count.spectral_radius = fine_->step.radius();
        count.sliding_end = fine_->model->at_kinks();
        result_.seconds = elapsed();
    }

    const FlowProblem& problem_;
    const FlowOptions& options_;
    const Poll& poll_;
    const int threads_;
    const Clock::time_point began_ = Clock::now();
    std::shared_ptr<const CaptureInputs> inputs_;
    std::unique_ptr<Mesh> fine_, coarse_;
    FlowResult result_;
    NeuronFacts start_;
    double tolerance_ = 0, level_ = std::numeric_limits<double>::infinity();
    double t_ = 0, h_ = 0, error_ = 0, worst_ = 0, excess_ = 0, first_loss_ = 0, travel_ = 0;
    std::size_t save_ = 0;
    std::int64_t steps_ = 0, evaluations_ = 0;
    bool last_chance_ = false;
};

}  // namespace

FlowResult capture(const FlowProblem& problem, const FlowOptions& options, int threads, const Poll& poll) {
    return Capture(problem, options, threads, poll).run();
}

}  // namespace pl
