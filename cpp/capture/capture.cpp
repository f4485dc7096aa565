// A run of the capture method: steps, rows, stop rules, and another attempt where the error of the loss turns
// out larger than what was asked.
#include "capture/capture.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "capture/dense.hpp"
#include "capture/meshes.hpp"
#include "capture/orthogonal.hpp"

namespace pl {
namespace {

constexpr int kRestarts = 4;         // past a branch that no practical step settles, more would only cost
constexpr double kFirstDrop = 0.02;  // the first step lowers log L by about as much
// The coarse mesh only serves the estimate, and may go up by so much of rtol: what a step leaves undone the
// next one mends. In the tail of n = 4000, where pairs at their kinks come and go, that allows twice the
// step.
constexpr double kCoarseRise = 0.05;
constexpr double kSure = 2.0;  // a status is claimed only if it holds that many errors away

// Tolerance of one coarse step that usually gives the loss to rtol, and the power of it that the error of the
// loss follows. Dense inputs: the tolerance counts what is smooth, and the kinks, which make most of the
// error, follow from the step; measured power 0.5 to 0.6. Orthogonal inputs have no kinks to slide on: some
// hundreds of steps add up to the whole fall of the loss, with power 2/3 as for any method of order 2.
struct Tolerance {
    double first, power;
};
Tolerance tolerance_for(const FlowProblem& problem, double rtol) {
    // the more points, the more of them turn within one step of the fall: measured from 10^4 to 10^6
    const double many = std::min(1.0, std::pow(1e4 / problem.n, 0.75));
    if (problem.X == nullptr) return {1e-5 * many * std::pow(rtol / 1e-2, 1.5), 2.0 / 3.0};
    return {std::min(5e-4 * std::pow(rtol / 1e-3, 2.0), 1e-2), 0.5};
}
double next_tolerance(double now, double power, double asked, double found) {
    return now * std::clamp(0.5 * std::pow(asked / found, 1 / power), 1e-4, 0.25);
}

class Capture {
  public:
    Capture(const FlowProblem& problem, const CaptureOptions& options, int threads, const Poll& poll)
        : problem_(problem), options_(options), poll_(poll), threads_(threads) {
        for (int i = 0; i < problem.n; ++i) level_ = std::min(level_, problem.y[i] * problem.y[i]);
    }

    CaptureResult run() {
        const CapturePast& past = options_.past;
        const Tolerance usual = tolerance_for(problem_, options_.rtol);
        double tolerance = past.fresh() ? usual.first : past.tolerance;
        // a run that goes on cannot begin again: its rows are out
        for (int left = past.fresh() ? kRestarts : 0; !once(tolerance, left == 0); --left) {
            tolerance = next_tolerance(tolerance, usual.power, options_.rtol, result_.past.error);
            ++restarts_;
        }
        return std::move(result_);
    }

  private:
    // One run at a tolerance; false if the error of the loss exceeds what was asked (and it matters).
    bool once(double tolerance, bool last) {
        begin(tolerance);
        CapturePast& now = result_.past;
        for (;;) {
            const Status status = check();
            if (save_ < options_.save.size() && options_.save[save_] <= now.t) {
                record();
                ++save_;
            }
            if (status != Status::kHorizon || now.t >= options_.t_end) {
                finish(status);
                return true;
            }
            advance();
            const double sum = meshes_->fine().sum_r2();
            const bool kept = now.error * sum <= options_.rtol * sum + options_.atol * now.start;
            if (!kept && !last) return false;
        }
    }

    void begin(double tolerance) {
        if (meshes_) spent_ += meshes_->evaluations();
        meshes_.reset();  // at n = 10^6 there is no room for two
        meshes_ = std::make_unique<Meshes>(problem_, threads_);
        result_ = CaptureResult();
        result_.past = options_.past;
        CapturePast& now = result_.past;
        CaptureModel& fine = meshes_->fine();
        save_ = 0;
        now.tolerance = tolerance;
        if (now.fresh()) {
            now.invariants = invariants(fine.neurons());
            now.start = fine.sum_r2();
            const double rate = fine.velocity_sq() / (problem_.p * loss());
            now.step = options_.t_end > 0 ? options_.t_end : 1.0;
            if (rate > 0) now.step = std::min(kFirstDrop / rate, now.step);  // false for 0/0: at rest
        }
        meshes_->set_next(now.step);
    }

    double loss() const { return meshes_->fine().sum_r2() / (2.0 * problem_.n); }

    void advance() {
        CapturePast& now = result_.past;
        const double goal = save_ < options_.save.size() ? options_.save[save_] : options_.t_end;
        const double left = goal - now.t;
        double H = meshes_->next();
        if (H >= left) {
            H = left;
        } else if (2 * H > left) {
            H = 0.5 * left;  // two even steps rather than a whole one and a rest
        }
        const double taken = meshes_->advance(H, now.tolerance, kCoarseRise * options_.rtol);
        const double passed = meshes_->passage(level_);
        if (now.criterion_time < 0 && passed >= 0) now.criterion_time = now.t + passed;
        now.t = taken >= left ? goal : now.t + taken;
        now.step = meshes_->next();
        now.error = options_.past.error + meshes_->error();
        now.worst = std::max(now.worst, now.error);
    }

    Status check() {
        const FlowStop& stop = options_.stop;
        const CaptureModel& fine = meshes_->fine();
        CapturePast& now = result_.past;
        const double n = problem_.n, sum = fine.sum_r2(), upper = sum * (1 + kSure * now.error);
        Status status = Status::kHorizon;
        const auto hold = [&status](bool holds, Status which) {
            if (holds) status = std::min(status, which);
        };
        hold(!std::isfinite(sum), Status::kNonFinite);
        if (sum < level_ && now.criterion_time < 0) now.criterion_time = now.t;
        if (upper < level_ && problem_.certifiable && now.proved_time < 0 &&
            proves_convergence(meshes_->problem(), fine.neurons(), fine.outputs(), fine.output_terms()))
            now.proved_time = now.t;
        if (problem_.orthogonal) {
            const double dead = fine.dead_label_sq() / (2 * n) * (1 - 1e-12);
            result_.loss_bound = dead > 0 ? dead : -1.0;
        }
        if (stop.criterion) {
            hold(now.proved_time >= 0, Status::kConverged);
            hold(upper < level_, Status::kCriterion);
            hold(result_.loss_bound > 0, Status::kDeadPoint);
        }
        hold(stop.loss > 0 && upper <= stop.loss * 2 * n, Status::kTarget);
        const bool slow = meshes_->speed_sq() * now.t < stop.stall * problem_.p * loss();
        hold(stop.stall > 0 && now.t > options_.past.t && slow, Status::kStalled);
        if (poll_ && poll_()) hold(true, Status::kInterrupted);
        hold(stop.wall_time >= 0 && elapsed() >= stop.wall_time && now.t > options_.past.t,
             Status::kWallTime);
        hold(stop.max_steps >= 0 && options_.past.accepted + meshes_->accepted() >= stop.max_steps,
             Status::kStepLimit);
        return status;
    }

    double elapsed() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

    void record() {
        CaptureModel& fine = meshes_->fine();
        result_.t.push_back(result_.past.t);
        result_.loss.push_back(loss());
        result_.velocity_sq.push_back(fine.velocity_sq());
        result_.n_active.push_back(fine.n_active());
        result_.invariant_drift.push_back(invariant_drift(result_.past.invariants, fine.neurons()));
        if (options_.states) append_state(result_.W_saved, result_.a_saved);
    }

    void append_state(std::vector<double>& W, std::vector<double>& a) const {
        const std::size_t p = static_cast<std::size_t>(problem_.p), from = W.size();
        W.resize(from + p * static_cast<std::size_t>(problem_.d));
        a.resize(a.size() + p);
        meshes_->fine().write_state(W.data() + from, a.data() + a.size() - p);
    }

    void finish(Status status) {
        CapturePast& now = result_.past;
        const bool has_row = !result_.t.empty() && result_.t.back() == now.t;
        if (!has_row && (now.t < options_.t_end || result_.t.empty())) record();
        result_.status = status;
        now.accepted += meshes_->accepted();
        now.rejected += meshes_->rejected();
        now.stabilised += meshes_->stabilised();
        now.restarts += restarts_;
        now.rhs += spent_ + meshes_->evaluations();
        result_.sliding = meshes_->fine().at_kinks();
        result_.radius = meshes_->radius();
        meshes_->drop_coarse();  // before the end state is written out: at n = 10^6 both would not fit
        append_state(result_.W, result_.a);
        result_.seconds = elapsed();
    }

    using Clock = std::chrono::steady_clock;
    const FlowProblem& problem_;
    const CaptureOptions& options_;
    const Poll& poll_;
    const int threads_;
    const Clock::time_point began_ = Clock::now();
    std::unique_ptr<Meshes> meshes_;
    CaptureResult result_;
    double level_ = std::numeric_limits<double>::infinity();
    std::size_t save_ = 0;
    std::int64_t restarts_ = 0, spent_ = 0;
};

}  // namespace

CaptureResult capture(const FlowProblem& problem, const CaptureOptions& options, int threads,
                      const Poll& poll) {
    return Capture(problem, options, threads, poll).run();
}

double capture_bytes(const FlowProblem& problem) {
    const double state = 8.0 * problem.p * problem.d;
    if (problem.X == nullptr) return 2 * OrthogonalCapture::bytes(problem) + state;
    return CaptureInputs::bytes(problem) + 2 * DenseCapture::bytes(problem) + state;
}

}  // namespace pl
