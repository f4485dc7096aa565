// Every method cut off at each of the moments at which it asks: a pattern frozen, a product, a team's work
// left half-way. What it returns is the state of a moment that it had reached.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <new>
#include <thread>

#include "capture/capture.hpp"
#include "capture/deadline.hpp"
#include "capture/moves.hpp"
#include "check.hpp"
#include "euler/dense_model.hpp"
#include "euler/orthogonal_model.hpp"
#include "flow/flow.hpp"
#include "kernel/dispatch.hpp"
#include "kernel/index.hpp"
#include "random_orthogonal.hpp"
#include "random_problem.hpp"

namespace {

std::atomic<std::int64_t> taken{0};  // pieces of memory, so far

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size) {
    ++taken;
    if (void* piece = std::malloc(size)) return piece;
    throw std::bad_alloc();
}
// Its pieces are given back by the same delete. None is inlined: gcc takes one without the other for a
// mismatch.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
    ++taken;
    return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* piece) noexcept {
    std::free(piece);
}
[[gnu::noinline]] void operator delete(void* piece, std::size_t) noexcept {
    std::free(piece);
}

namespace {

using pl::Index;

// Asks of the run that is not cut off, and the run cut off at the ask number `last`.
class Asked {
  public:
    explicit Asked(Index last) : last_(last) {}
    pl::Poll poll() {
        return [this] { return ++asks_ > last_; };
    }
    Index asks() const { return asks_; }

  private:
    std::atomic<Index> asks_{0};
    Index last_;
};

template <class Result>
void check_left(const Result& result, double start, double t_end) {
    if (!result.started) return;
    CHECK(result.status == pl::Status::kInterrupted || result.status == pl::Status::kHorizon);
    CHECK(!result.t.empty() && result.t.back() <= t_end);
    CHECK(result.loss.back() <= start * (1 + 1e-6));
    for (const auto* array : {&result.W, &result.a})
        for (double value : *array) CHECK(std::isfinite(value));
}

// `run(poll)`, cut off at about `times` of its asks, and at all of its first and last.
template <class Run>
void check_cuts(const Run& run, double t_end, Index times) {
    Asked whole(Index{1} << 60);
    const auto result = run(whole.poll());
    CHECK(result.started && result.status == pl::Status::kHorizon);
    const Index all = whole.asks(), some = 40;
    CHECK(all > some);
    for (Index last = 0; last <= all;) {
        Asked asked(last);
        check_left(run(asked.poll()), result.loss.front(), t_end);
        last += last < some || last > all - some ? 1 : 1 + all / times;
    }
}

pl::CaptureOptions capture_to(double t_end) {
    pl::CaptureOptions options;
    options.t_end = t_end;
    options.rtol = 1e-2;
    options.saves = {{0.0, t_end / 3, t_end}, true};
    return options;
}

void test_capture(int threads) {
    const double t_end = 6.0;
    const RandomProblem<double> random(17, 3, 5, 7);  // pairs slide from t = 1 on
    const auto dense = [&](const pl::Poll& poll) {
        return pl::capture(random.view, capture_to(t_end), threads, poll);
    };
    const pl::CaptureResult whole = dense([] { return false; });
    CHECK(whole.sliding > 0);
    check_cuts(dense, t_end, 400);
    const RandomOrthogonal orthogonal(40, 6, 3, 1.0, 3);
    const auto free = [&](const pl::Poll& poll) {
        return pl::capture(orthogonal.view, capture_to(t_end), threads, poll);
    };
    check_cuts(free, t_end, 200);
}

void test_flow(Index p) {
    const double t_end = 6.0;
    const RandomProblem<double> random(17, 3, p, 7);
    pl::FlowOptions options;
    options.t_end = t_end;
    options.saves = {{0.0, t_end / 3, t_end}, true};
    options.switches = options.dense = true;
    check_cuts([&](const pl::Poll& poll) { return pl::flow(random.view, options, poll); }, t_end, 100);
}

// What is made of the inputs before the first state asks between blocks, and leaves what comes after undone.
void packing_is_cut_between_blocks() {
    const RandomProblem<double> random(9000, 64, 3, 1);
    const pl::Kernel<double>& kernel = pl::kernel<double>();
    constexpr Index kShares = 3;  // of 2^18 numbers
    for (const Index last : {Index{0}, Index{1}, Index{1} << 60}) {
        Index asks = 0;
        const auto cut = [&] { return ++asks > last; };
        const pl::PackedProblem<double> packed(random.view, kernel, 1, pl::Layouts::kBoth, cut);
        CHECK(asks == kShares);
        const double* share = packed.view().rows;  // the first entry of each is of a row's first
        Index made = 0;
        for (Index k = 0; k < kShares; ++k, share += 4096 * packed.row_stride()) made += *share != 0.0;
        CHECK(made == std::min(last, kShares));
        asks = 0;
        const pl::DenseModel<double> model(random.view, kernel, 1, cut);
        CHECK(asks == kShares);
    }
    std::vector<double> norms(3000, 1.0);
    pl::Problem<double> orthogonal = random.view;  // of the numbers there are, some are taken for weights
    orthogonal.n = orthogonal.d = 3000;
    orthogonal.X = nullptr;
    orthogonal.norms = norms.data();
    orthogonal.W = random.X.data();
    Index asks = 0;
    const pl::OrthogonalModel<double> model(orthogonal, kernel, 1, [&] { return ++asks > 2; });
    CHECK(asks == 3);
}

// Of few points it is the neurons that take long: asked between some, with the numbers of one piece.
void preactivations_are_cut_between_neurons() {
    constexpr Index p = 70000;
    const RandomProblem<double> random(3, 1, p, 1);
    const pl::Kernel<double>& kernel = pl::kernel<double>();
    const pl::PackedProblem<double> packed(random.view, kernel, 1);
    pl::Buffer<double> W(p * packed.row_stride()), z(p * pl::kBlockPoints), whole(p * pl::kBlockPoints);
    for (Index j = 0; j < p; ++j) W.data()[j * packed.row_stride()] = random.W[pl::at(j)];
    Index asks = 0;
    pl::HalvesArgs<double> args{};
    args.data = packed.view();
    args.last = 1;
    args.W = W.data();
    args.z = whole.data();
    kernel.preactivations(args);
    args.z = z.data();
    const auto ask = [](const void* whom) { return ++*static_cast<Index*>(const_cast<void*>(whom)) < 0; };
    args.cut = {ask, &asks};
    pl::preactivations(kernel, args, 1);
    CHECK(asks == 5);  // 2^14 at a time
    CHECK(std::equal(z.data(), z.data() + z.size(), whole.data()));
}

// Before there is a state, nothing is returned; it is asked for often on the way to it.
void flow_is_cut_before_its_first_state() {
    constexpr Index kAsks = 5, kMost = 100;
    const RandomProblem<double> random(17, 3, 65, 7);
    pl::FlowOptions options;
    options.t_end = 2.0;
    options.saves = {{0.0, 2.0}, true};
    const auto whole = pl::flow(random.view, options, [] { return false; });
    pl::Problem<double> later = random.view;
    later.W = whole.W.data();
    later.a = whole.a.data();
    pl::FlowOptions further = options;
    further.past = whole.past;
    further.t_end = 4.0;
    further.saves = {{4.0}, true};
    for (const bool fresh : {true, false}) {
        Index first = kMost;  // the ask before which there is a state
        for (Index last = 0; last < first; ++last) {
            Asked asked(last);
            const auto run =
                fresh ? pl::flow(random.view, options, asked.poll()) : pl::flow(later, further, asked.poll());
            if (run.started) first = last;
            CHECK(run.started || (run.t.empty() && asked.asks() == last + 1));
        }
        CHECK(first >= kAsks && first < kMost);
    }
}

// A step of neurons held by their patterns looks at each of them, and is asked on the way. What is left at
// any of these moments is the state before it, or after.
void many_neurons_are_looked_at_between_asks() {
    constexpr Index p = 30000;
    const RandomProblem<double> random(3, 1, p, 1);
    pl::FlowOptions options;
    options.t_end = 1e-3;
    options.saves = {{0.0, 1e-3}, false};
    const auto run = [&](const pl::Poll& poll) { return pl::flow(random.view, options, poll); };
    Asked whole(Index{1} << 60);
    const auto result = run(whole.poll());
    CHECK(result.past.count.cell_steps > 0);
    // 4096 neurons at a time as the patterns take them over, 1024 as they are searched
    CHECK(whole.asks() > result.past.count.accepted + p / 4096 + p / 1024);
    check_cuts(run, options.t_end, 10);
}

// So does one of capture: once it was told to stop, each of its sweeps asks once more and is left.
void many_neurons_of_capture_are_left() {
    constexpr Index p = 20000, kSweeps = 40;
    const RandomProblem<double> random(3, 1, p, 1);
    const pl::CaptureOptions options = capture_to(1e-3);
    const auto run = [&](const pl::Poll& poll) { return pl::capture(random.view, options, 1, poll); };
    Asked whole(Index{1} << 60);
    CHECK(run(whole.poll()).started);
    CHECK(whole.asks() > p / 64);
    for (Index part = 1; part < 20; ++part) {
        Asked asked(part * whole.asks() / 20);
        run(asked.poll());
        CHECK(asked.asks() < part * whole.asks() / 20 + kSweeps);
    }
}

// The clock ends a run before its first state is known where that takes long: what is returned is the start.
template <class Result, class Run>
void check_unbegun(const pl::Problem<double>& problem, const Run& run) {
    for (const bool slow : {true, false}) {
        bool slept = !slow;
        const Result result = run([&slept] {
            if (!slept) std::this_thread::sleep_for(std::chrono::milliseconds(60));
            slept = true;
            return false;
        });
        CHECK(result.started && result.status == pl::Status::kWallTime);
        CHECK(result.t.size() == 1 && result.t[0] == 0 && std::isnan(result.loss[0]) == slow);
        CHECK((result.n_active[0] < 0) == slow && result.invariant_drift[0] == 0);
        CHECK(std::equal(result.W.begin(), result.W.end(), problem.W));
        CHECK(std::equal(result.a.begin(), result.a.end(), problem.a));
        CHECK(result.W_saved.size() == result.W.size() && result.kink_counts.size() == 1);
        CHECK(result.seconds < 10);
        CHECK(result.past.invariants.empty() == slow);
    }
    const Result cancelled = run([] { return true; });
    CHECK(!cancelled.started);
}

void runs_are_late_before_their_first_state() {
    const RandomProblem<double> random(17, 3, 5, 7);
    const RandomOrthogonal orthogonal(40, 6, 3, 1.0, 3);
    for (const pl::Problem<double>* problem : {&random.view, &orthogonal.view}) {
        pl::FlowOptions flow;
        pl::CaptureOptions capture = capture_to(6.0);
        flow.t_end = 6.0;
        flow.saves = capture.saves;
        flow.stop.wall_time = capture.stop.wall_time = 1e-9;
        check_unbegun<pl::FlowResult>(*problem,
                                      [&](const pl::Poll& poll) { return pl::flow(*problem, flow, poll); });
        check_unbegun<pl::CaptureResult>(
            *problem, [&](const pl::Poll& poll) { return pl::capture(*problem, capture, 1, poll); });
    }
}

// Of wall_time some is kept free, of a short one a part.
void a_deadline_leaves_room() {
    pl::StopRules stop;
    stop.wall_time = 8.0;
    const pl::Poll none;
    pl::Deadline deadline(stop, none);
    for (int times = 0; times < 2; ++times) {
        deadline.keep_free(1.0);
        CHECK(deadline.rules().wall_time == 7.0);
    }
    deadline.keep_free(100.0);
    CHECK(deadline.rules().wall_time == 6.0);
    CHECK(!deadline.passed(false) && !deadline.cancelled());
    pl::Deadline never(pl::StopRules{}, none);
    never.keep_free(1.0);
    CHECK(never.rules().wall_time == pl::StopRules::kNever && !never.passed(true));
    stop.wall_time = 0.0;
    CHECK(pl::Deadline(stop, none).passed(false) && !pl::Deadline(stop, none).passed(true));
}

// What lies in a piece of memory of its own is given back piece by piece, unasked.
void many_neurons_are_held_in_few_pieces() {
    constexpr Index p = 20000;
    const RandomProblem<double> random(3, 1, p, 1);
    pl::FlowOptions options;
    options.t_end = 1e6;
    options.saves = {{0.0, 1e6}, true};
    Asked asked(100);
    const std::int64_t before = taken;
    const auto run = pl::flow(random.view, options, asked.poll());
    CHECK(run.started && run.past.count.cell_steps > 0);
    CHECK(taken - before < p / 4);
}

void test_flow_of_several_events(int threads) {
    const double t_end = 2.0;
    const RandomProblem<double> random(40, 10, 120, 7);
    pl::FlowOptions options;
    options.t_end = t_end;
    options.rtol = 1e-4;
    options.saves = {{0.0, t_end}, true};
    const auto run = [&](const pl::Poll& poll) { return pl::flow(random.view, options, poll, threads); };
    const pl::FlowResult whole = run([] { return false; });
    CHECK(2 * whole.past.count.accepted < whole.past.count.events);
    check_cuts(run, t_end, 100);
}

}  // namespace

int main() {
    for (int threads : {1, 2}) test_capture(threads);
    for (Index p : {5, 65}) test_flow(p);
    packing_is_cut_between_blocks();
    preactivations_are_cut_between_neurons();
    flow_is_cut_before_its_first_state();
    many_neurons_are_looked_at_between_asks();
    many_neurons_of_capture_are_left();
    runs_are_late_before_their_first_state();
    a_deadline_leaves_room();
    many_neurons_are_held_in_few_pieces();
    for (int threads : {1, 2}) test_flow_of_several_events(threads);
    return 0;
}
