// A run of the capture method: steps, rows, stop rules, and another attempt where the error of the loss turns
// out larger than what was asked.
#include "capture/capture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include "capture/dense.hpp"
#include "capture/meshes.hpp"
#include "capture/orthogonal.hpp"
#include "proof/search.hpp"

namespace pl {
namespace {

constexpr int kRestarts = 4;         // past a branch that no practical step settles, more would only cost
constexpr double kFirstDrop = 0.02;  // the first step lowers log L by about as much
// The coarse mesh only serves the estimate, and may go up by so much of rtol: what a step leaves undone the
// next one mends. In the tail of n = 4000, where pairs at their kinks come and go, that allows
// twice the step.
constexpr double kCoarseRise = 0.05;
constexpr double kSure = 2.0;  // a status is claimed only if it holds that many errors away

// Tolerance of one coarse step that usually gives the loss to rtol, and the power of it that the error of the
// loss follows. Dense inputs: the tolerance counts what is smooth, and the kinks, which make most of the
// error, follow from the step; measured power 0.5 to 0.6. Orthogonal inputs have no kinks to slide on: some
// hundreds of steps add up to the whole fall of the loss, with power 2/3 as for any method of order 2.
struct Tolerance {
    double first, power;
};
Tolerance tolerance_for(const Problem<double>& problem, double rtol) {
    // the more points, the more of them turn within one step of the fall: measured from 10^4 to 10^6
    const double many = std::min(1.0, std::pow(1e4 / static_cast<double>(problem.n), 0.75));
    if (problem.X == nullptr) return {1e-5 * many * std::pow(rtol / 1e-2, 1.5), 2.0 / 3.0};
    return {std::min(5e-4 * std::pow(rtol / 1e-3, 2.0), 1e-2), 0.5};
}
double next_tolerance(double now, double power, double asked, double found) {
    return now * std::clamp(0.5 * std::pow(asked / found, 1 / power), 1e-4, 0.25);
}

class Capture {
  public:
    Capture(const Problem<double>& problem, const CaptureOptions& options, int threads, const Poll& poll)
        : problem_(problem), options_(options), poll_(poll), threads_(threads) {}

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
    using Clock = Verdict<double>::Clock;

    // One run at a tolerance; false if the error of the loss exceeds what was asked (and it matters).
    bool once(double tolerance, bool last) {
        begin(tolerance);
        CapturePast& now = result_.past;
        for (;;) {
            const Moment here = moment();
            CaptureModel& fine = meshes_->fine();
            const Status status = search_->look(here, fine, verdict_->judge(here, fine), *verdict_);
            recorder_->visit(now.t, meshes_->fine(), now.invariants);
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
        result_.started = true;
        result_.past = options_.past;
        recorder_.emplace(problem_, options_.saves, result_);
        verdict_.emplace(problem_, options_.stop, Follows::kFlow, options_.past.seen, began_);
        search_.emplace(problem_, options_.stop, poll_, threads_);
        CapturePast& now = result_.past;
        CaptureModel& fine = meshes_->fine();
        now.tolerance = tolerance;
        if (now.fresh()) {
            now.invariants = invariants(fine.neurons());
            now.start = fine.sum_r2();
            const double loss = fine.sum_r2() / (2 * static_cast<double>(problem_.n));
            const double rate = fine.velocity_sq() / (static_cast<double>(problem_.p) * loss);
            now.step = options_.t_end > 0 ? options_.t_end : 1.0;
            if (rate > 0) now.step = std::min(kFirstDrop / rate, now.step);  // false for 0/0: at rest
        }
        meshes_->set_next(now.step);
    }

    void advance() {
        CapturePast& now = result_.past;
        const double goal = recorder_->goal(options_.t_end), left = goal - now.t;
        double H = meshes_->next();
        if (H >= left) {
            H = left;
        } else if (2 * H > left) {
            H = 0.5 * left;  // two even steps rather than a whole one and a rest
        }
        const double taken = meshes_->advance(H, now.tolerance, kCoarseRise * options_.rtol);
        const double passed = meshes_->passage(verdict_->level());
        if (passed >= 0) verdict_->passed(now.t + passed);
        now.t = taken >= left ? goal : now.t + taken;
        now.step = meshes_->next();
        now.error = options_.past.error + meshes_->error();
        now.worst = std::max(now.worst, now.error);
    }

    Moment moment() {
        const CapturePast& now = result_.past;
        const bool moved = now.t > options_.past.t;
        Moment moment;
        moment.now = moment.t = now.t;
        moment.sum_r2 = meshes_->fine().sum_r2();
        moment.off = kSure * now.error;
        moment.steps = options_.past.accepted + meshes_->accepted();
        moment.end = now.t >= options_.t_end;
        moment.moved = moved || options_.past.fresh();
        moment.cancelled = poll_ && poll_();
        moment.mean_speed_sq = moved ? meshes_->speed_sq() : std::numeric_limits<double>::quiet_NaN();
        return moment;
    }

    void finish(Status status) {
        CapturePast& now = result_.past;
        CaptureModel& fine = meshes_->fine();
        recorder_->finish(now.t, options_.t_end, fine, now.invariants);
        result_.status = status;
        result_.loss_bound = verdict_->loss_bound(fine);
        result_.claim = search_->claim();
        now.seen = verdict_->milestones();
        now.accepted += meshes_->accepted();
        now.rejected += meshes_->rejected();
        now.stabilised += meshes_->stabilised();
        now.restarts += restarts_;
        now.rhs += spent_ + meshes_->evaluations();
        result_.sliding = fine.at_kinks();
        result_.radius = meshes_->radius();
        meshes_->drop_coarse();  // before the end state is written out: at n = 10^6 both would not fit
        recorder_->write_end(fine);
        result_.seconds = verdict_->elapsed();
    }

    const Problem<double>& problem_;
    const CaptureOptions& options_;
    const Poll& poll_;
    const int threads_;
    const Clock::time_point began_ = Clock::now();
    std::unique_ptr<Meshes> meshes_;
    CaptureResult result_;
    std::optional<Recorder<double, double>> recorder_;
    std::optional<Verdict<double>> verdict_;
    std::optional<ProofSearch> search_;
    Index restarts_ = 0, spent_ = 0;
};

}  // namespace

CaptureResult capture(const Problem<double>& problem, const CaptureOptions& options, int threads,
                      const Poll& poll) {
    return Capture(problem, options, threads, poll).run();
}

double capture_bytes(const Problem<double>& problem) {
    const double state = 8.0 * static_cast<double>(problem.p) * static_cast<double>(problem.d);
    if (problem.X == nullptr) return 2 * OrthogonalCapture::bytes(problem) + state;
    return CaptureInputs::bytes(problem) + 2 * DenseCapture::bytes(problem) + state;
}

}  // namespace pl
