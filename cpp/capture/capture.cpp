// A run of the capture method: steps, rows, stop rules, and another attempt where its error is too large.
#include "capture/capture.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include "capture/asked.hpp"
#include "capture/attempts.hpp"
#include "capture/deadline.hpp"
#include "capture/dense.hpp"
#include "capture/landing.hpp"
#include "capture/meshes.hpp"
#include "capture/orthogonal.hpp"
#include "proof/search.hpp"

namespace pl {
namespace {

// A coarse mesh only serves the estimate, and may go up by so much of rtol: the next step mends it.
constexpr double kCoarseRise = 0.05;
constexpr double kSure = 2.0;        // a status is claimed only if it holds that many errors away
constexpr double kInstant = 1e-300;  // of a time: has no half that a step could take

class Capture {
  public:
    Capture(const Problem<double>& problem, const CaptureOptions& options, int threads, const Poll& poll)
        : problem_(problem),
          options_(options),
          poll_(poll),
          threads_(threads),
          deadline_(options.stop, poll) {}

    CaptureResult run() {
        try {
            return attempts();
        } catch (const CutShort&) {  // before a state was there; of a second pass the first one is
            if (!furthest_.started) return unbegun();
            furthest_.status = why_cut();
            furthest_.past.restarts += restarts_;
            return std::move(furthest_);
        }
    }

  private:
    CaptureResult attempts() {
        const bool fresh = options_.past.fresh();
        const CapturePast& past = options_.past;
        const Tolerance tolerance =
            fresh ? tolerance_for(problem_, options_.rtol) : Tolerance{past.tolerance, past.motion};
        // a run that goes on cannot begin again: its rows are out
        if (!once(tolerance, !fresh)) {
            const Tolerance next = asked_.second(*meshes_, result_.past);
            put_aside();
            ++restarts_;
            if (over_budget()) return paused();
            once(next, true);
        }
        return given_up(result_.status) && !paused_ && furthest_.past.t > result_.past.t ? further()
                                                                                         : std::move(result_);
    }

    // One attempt at a tolerance; false if the error of the loss exceeds what was asked, it matters, and
    // another would do better.
    bool once(const Tolerance& tolerance, bool last) {
        begin(tolerance);
        bool missed = false;
        CapturePast& now = result_.past;
        for (;;) {
            const Moment here = moment();
            CaptureModel& fine = meshes_->fine();
            Status status = verdict_->judge(here, fine);
            const bool settled = !settling(status, here);
            if (settled && search_->look(here, fine, status, *verdict_)) status = verdict_->judge(here, fine);
            beyond_ = beyond_ || !fine.in_range();
            if (beyond_) status = Status::kNonFinite;
            recorder_->visit(now.t, meshes_->fine(), now.invariants);
            if (settled && (status != Status::kHorizon || now.t >= options_.t_end)) {
                if (missed && !last && !given_up(status) && asked_.worthwhile(*meshes_, now)) return false;
                return finish(status);
            }
            if (settled && now.t > options_.past.t && over_budget()) {
                paused_ = true;
                return finish(Status::kStepLimit);
            }
            if (!advance(goal(here, settled)))
                return finish(status != Status::kHorizon ? status : why_stuck());
            missed = !asked_.kept(*meshes_, now) || missed;
            const bool again = missed && !last && !asked_.resigned() && asked_.lost(*meshes_);
            if (again && asked_.worthwhile(*meshes_, now)) return false;
        }
    }

    bool over_budget() const { return options_.stop.spent(spent_ + (meshes_ ? meshes_->evaluations() : 0)); }

    // The pass that is given up, should the next not come as far before it is cut off.
    void put_aside() {
        if (!(result_.past.t > furthest_.past.t)) return;
        const Index evaluations = meshes_->evaluations();
        recorder_->visit(result_.past.t, meshes_->fine(), result_.past.invariants);
        finish(Status::kInterrupted);
        furthest_ = std::move(result_);
        spent_ += evaluations;
        meshes_.reset();
    }
    static bool given_up(Status status) {
        return status == Status::kInterrupted || status == Status::kWallTime ||
               status == Status::kStepLimit || status == Status::kNonFinite;
    }
    CaptureResult further() {
        furthest_.status = furthest_.past.t < options_.t_end ? result_.status : Status::kHorizon;
        furthest_.past.restarts = result_.past.restarts;
        furthest_.past.rhs = result_.past.rhs;
        furthest_.seconds = result_.seconds;
        return std::move(furthest_);
    }

    // As far as the last pass came before its error was too large: whoever set the budget can tell.
    CaptureResult paused() {
        furthest_.status = Status::kStepLimit;
        return std::move(furthest_);
    }

    // Between right-hand sides: Ctrl-C, or the clock.
    bool cut() {
        const bool moved = moved_ || (meshes_ && meshes_->accepted() > 0);
        return deadline_.cancelled() || ((moved || options_.past.begins()) && deadline_.passed(!verdict_));
    }
    CaptureResult unbegun() {
        if (why_cut() == Status::kWallTime)
            write_unbegun(problem_, options_.saves, options_.past.t, deadline_.began(), result_);
        return std::move(result_);
    }
    Status why_stuck() { return meshes_->stuck() != Status::kInterrupted ? meshes_->stuck() : why_cut(); }
    Status why_cut() { return cut_off(deadline_.cancelled()); }

    void begin(const Tolerance& tolerance) {
        if (meshes_) spent_ += meshes_->evaluations();
        meshes_.reset();  // at n = 10^6 there is no room for two
        clear(result_);
        deadline_.keep_free(take_end(problem_, [this] { return cut(); }, result_));
        meshes_ = std::make_unique<Meshes>(problem_, threads_, [this] { return cut(); }, options_.watch);
        leave_if([this] { return cut(); });  // the last of it may be undone
        if (options_.watch != nullptr) options_.watch->begin(options_.past.t);
        met_ = false;
        asked_.begin(options_.past.worst);
        result_.started = true;
        result_.past = options_.past;
        recorder_.emplace(problem_, options_.saves, result_);
        verdict_.emplace(problem_, deadline_.rules(), Follows::kFlow, options_.past.seen, deadline_.began());
        search_.emplace(problem_, options_.stop, poll_, threads_);
        CapturePast& now = result_.past;
        CaptureModel& fine = meshes_->fine();
        now.tolerance = tolerance.loss;
        now.motion = tolerance.motion;
        if (now.begins()) {
            now.invariants = invariants(fine.neurons());
            now.start = fine.sum_r2();
        }
        if (now.fresh()) {
            const double longest = options_.t_end - now.t;
            now.step = first_step(problem_, fine, tolerance, longest > 0 ? longest : 1.0);
        }
        beyond_ = !std::isfinite(fine.velocity_sq());
        landing_.emplace(problem_, *meshes_, now.radius);
        meshes_->set_next(now.step);
        meshes_->go_on(now.start, {now.local, now.drift, now.flips});
    }

    // A step towards `goal`; false if there is none, or it was cut off on the way.
    bool advance(double goal) {
        CapturePast& now = result_.past;
        const double left = goal - now.t;
        if (left < kInstant) {  // nothing moves in it
            now.t = goal;
            return true;
        }
        const double H = landing_->step(meshes_->next(), left);
        meshes_->fine().closely(H >= left);  // a row may be wanted where it ends
        const double floor = asked_.floor(*meshes_, now);
        const double taken =
            meshes_->advance(now.t, H, {now.tolerance, now.motion, kCoarseRise * options_.rtol, floor});
        const double passed = meshes_->passage(verdict_->level());
        if (passed >= 0) verdict_->passed(now.t + passed);
        now.t = taken >= left ? goal : now.t + taken;
        landing_->stepped(taken);
        now.step = meshes_->next();
        met_ = meshes_->stuck() == Status::kEvent;
        if (met_) return true;                                   // as to the error, where it was before
        if (meshes_->stuck() != Status::kHorizon) return false;  // the meshes are at different times
        now.error = (meshes_->alone() ? 0.0 : options_.past.error) + meshes_->error();
        moved_ = true;
        return true;
    }

    // Where too long a step ends no rule ends a run, and no proof is tried: it goes on for a part of that
    // step, whose end it reaches as it does a row.
    bool settling(Status status, const Moment& here) {
        if (!landing_->fast() || here.event || here.end) return false;
        const bool rule = status > Status::kNonFinite && status <= Status::kStalled;
        return rule || (status == Status::kHorizon && search_->due(here, meshes_->fine(), status, *verdict_));
    }

    // The next time that a step has to end at. Above the criterion's level, whose passage is read off the
    // steps, a target shortens none.
    double goal(const Moment& here, bool settled) {
        const double row = recorder_->goal(options_.t_end);
        if (!settled) return std::min(row, landing_->put_off(here.t));
        if (!(here.sum_r2 < verdict_->level())) return row;
        return landing_->reaches(here.t, verdict_->target_level() / (1 + here.off), row);
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
        moment.moved = moved || options_.past.begins();
        moment.cancelled = deadline_.cancelled();
        moment.event = met_;
        moment.mean_speed_sq = moved ? meshes_->speed_sq() : std::numeric_limits<double>::quiet_NaN();
        return moment;
    }

    // The attempt is over: true.
    bool finish(Status status) {
        CapturePast& now = result_.past;
        CaptureModel& fine = meshes_->fine();
        recorder_->finish(now.t, options_.t_end, fine, now.invariants);
        result_.status = status;
        // halved for as long as numbers were beyond range: who goes on begins as a fresh run does, and ends
        // alike
        now.radius = status == Status::kNonFinite ? 0.0 : landing_->radius();
        if (status == Status::kNonFinite) now.step = now.tolerance = 0.0;
        result_.loss_bound = verdict_->loss_bound(fine);
        result_.claim = search_->claim();
        now.seen = verdict_->milestones();
        now.accepted += meshes_->accepted();
        now.rejected += meshes_->rejected();
        now.stabilised += meshes_->stabilised();
        now.restarts += restarts_;
        now.dependent += fine.dependent();
        now.rhs += spent_ + meshes_->evaluations();
        now.local = meshes_->told().sums().local;
        now.drift = meshes_->told().sums().drift;
        now.flips = meshes_->told().sums().flips;
        result_.sliding = fine.at_kinks();
        if (const Passes* passes = fine.passes()) {
            result_.close_passes = passes->close();
            result_.closest_pass = passes->closest();
            result_.scatter = passes->close() > 0 ? ToldError::scatter(meshes_->fall()) : 0.0;
            if (passes->by_rounding()) now.worst = std::max(now.worst, result_.scatter);
        }
        meshes_->drop_coarse();  // before the end state is written out: at n = 10^6 both would not fit
        recorder_->write_end(fine);
        result_.seconds = verdict_->elapsed();
        return true;
    }

    const Problem<double>& problem_;
    const CaptureOptions& options_;
    const Poll& poll_;
    const int threads_;
    Deadline deadline_;
    AskedError asked_{problem_, options_};
    std::unique_ptr<Meshes> meshes_;
    std::optional<Landing> landing_;
    CaptureResult result_;
    std::optional<Recorder<double, double>> recorder_;
    std::optional<Verdict<double>> verdict_;
    std::optional<ProofSearch> search_;
    Index restarts_ = 0, spent_ = 0;
    CaptureResult furthest_;  // of the passes given up
    bool beyond_ = false;     // of the range of numbers: inputs, or the speed of the start
    bool paused_ = false;     // the budget is spent
    bool met_ = false;        // the watch ends the run here
    bool moved_ = false;      // a step was taken in this call, whichever pass took it
};

}  // namespace

CaptureResult capture(const Problem<double>& problem, const CaptureOptions& options, int threads,
                      const Poll& poll) {
    return Capture(problem, options, threads, poll).run();
}

double capture_bytes(const Problem<double>& problem) {
    // the end state, and that of a pass that was put aside
    const double state = 16.0 * static_cast<double>(problem.p) * static_cast<double>(problem.d);
    if (problem.X == nullptr) return 2 * OrthogonalCapture::bytes(problem) + state;
    return CaptureInputs::bytes(problem) + 2 * DenseCapture::bytes(problem) + state;
}

}  // namespace pl
