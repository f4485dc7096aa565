namespace pl {

template <class Real>
OrthogonalModel<Real>::OrthogonalModel(const Problem<Real>& problem, const Kernel<Real>& kernel, int threads,
                                       const std::function<bool()>& cut)
    : problem_(problem),
      kernel_(kernel),
      tiles_(problem, kernel, threads, cut),
      push_(tiles_.points()),
      a_(neurons_padded(problem)),
      a_next_(a_.size()),
      a_before_(a_.size()),
      rate_(a_.size()),
      sums_(tiles_.superblocks() * problem.p * kernel.lanes),
      squares_(at(tiles_.superblocks())),
      totals_(at(a_.size())) {
    std::copy_n(problem.a, problem.p, a_.data());
    std::copy_n(problem.a, problem.p, a_next_.data());
    largest_norm_ = static_cast<double>(*std::max_element(problem.norms, problem.norms + problem.n));
}

template <class Real>
bool OrthogonalModel<Real>::evaluate(int, const Watch&) {
    if (!evaluated_) sweep(kernel_.orthogonal_evaluate);
    evaluated_ = true;
    return true;
}

template <class Real>
void OrthogonalModel<Real>::prepare(Real step) {
    step_ = step;
    speed_known_ = false;
    total();
    const double outer =
        kernel_.orthogonal_rates(totals_.data(), problem_.n, problem_.p, a_.data(), rate_.data());
    finite_ = std::isfinite(outer) && std::isfinite(sum_r2_);
    scale_ = std::max(std::sqrt(sum_r2_) * largest_norm_, outer);
}

template <class Real>
void OrthogonalModel<Real>::advance() {
    if (steps_ == next_prune_) {
        over_superblocks(kernel_.orthogonal_prune);
        next_prune_ += std::clamp(steps_, Index{1}, kPruneEvery);
    }
    ++steps_;
    backup_ = may_overflow() ? tiles_.copy() : Buffer<Real>();
    for (Index j = 0; j < problem_.p; ++j) a_next_.data()[j] = a_.data()[j] + step_ * rate_.data()[j];
    sweep(kernel_.orthogonal_step);
    std::copy_n(a_.data(), problem_.p, a_before_.data());
    std::copy_n(a_next_.data(), problem_.p, a_.data());
}

template <class Real>
void OrthogonalModel<Real>::retreat() {
    if (backup_.size() > 0) tiles_.restore(backup_);
    std::copy_n(a_before_.data(), problem_.p, a_.data());
    std::copy_n(a_before_.data(), problem_.p, a_next_.data());
    evaluated_ = false;
    Control uncancelled;
    evaluate(1, uncancelled);
    prepare(step_);
}

template <class Real>
double OrthogonalModel<Real>::velocity_sq() {
    if (speed_known_) return velocity_sq_;
    over_superblocks(kernel_.orthogonal_speed);
    total();
    velocity_sq_ = 0;
    for (Index j = 0; j < problem_.p; ++j) {
        const double aj = static_cast<double>(a_.data()[j]) / static_cast<double>(problem_.n);
        const double rate = static_cast<double>(rate_.data()[j]);
        velocity_sq_ += aj * aj * totals_[at(j)] + rate * rate;
    }
    speed_known_ = true;
    return velocity_sq_;
}

template <class Real>
NeuronFacts OrthogonalModel<Real>::neurons() const {
    return {std::vector<double>(a_.data(), a_.data() + problem_.p), squared_norms(tiles_)};
}

template <class Real>
void OrthogonalModel<Real>::write_state(Real* W, Real* a) const {
    write_pairs(tiles_, W);
    std::copy_n(a_.data(), problem_.p, a);
}

template <class Real>
double OrthogonalModel<Real>::bytes(const Problem<Real>& problem, const Kernel<Real>& kernel) {
    const double n = static_cast<double>(round_up(problem.n, kernel.tile)),
                 p = static_cast<double>(neurons_padded(problem)), lanes = static_cast<double>(kernel.lanes);
    const double parts = static_cast<double>(OrthogonalTiles<Real>::superblock_count(problem, kernel));
    return OrthogonalTiles<Real>::bytes(problem, kernel) + (n + 4 * p + parts * p * lanes) * sizeof(Real) +
           (p + parts) * sizeof(double);
}

template <class Real>
bool OrthogonalModel<Real>::may_overflow() const {
    const double step = static_cast<double>(step_);
    const double push = step * scale_ * scale_ * largest_norm_ / static_cast<double>(problem_.n);
    return !(std::max({scale_, step * scale_, push}) < kLarge);
}

template <class Real>
void OrthogonalModel<Real>::total() {
    std::fill(totals_.begin(), totals_.end(), 0.0);
    for (Index s = 0; s < tiles_.superblocks(); ++s)
        kernel_.orthogonal_totals(sums_.data() + s * problem_.p * kernel_.lanes, problem_.p, totals_.data());
}

template <class Real>
void OrthogonalModel<Real>::sweep(void (*function)(OrthogonalArgs<Real>&)) {
    over_superblocks(function);
    sum_r2_ = 0;
    for (double square : squares_) sum_r2_ += square;
}

template <class Real>
void OrthogonalModel<Real>::over_superblocks(void (*function)(OrthogonalArgs<Real>&)) {
    tiles_.over_superblocks([&](Index s) {
        OrthogonalArgs<Real> args;
        tiles_.enter(args, s);
        args.step_over_n = step_ / static_cast<Real>(problem_.n);
        args.a = a_.data();
        args.a_next = a_next_.data();
        args.push = push_.data();
        args.sums = sums_.data() + s * problem_.p * kernel_.lanes;
        args.sum_r2 = 0;
        function(args);
        squares_[at(s)] = args.sum_r2;
    });
}

}  // namespace pl
