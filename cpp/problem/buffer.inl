namespace pl {

template <class T>
Buffer<T>::Buffer(Index count)
    : raw_(std::calloc(static_cast<std::size_t>(count) * sizeof(T) + 2 * kAlign, 1)), count_(count) {
    if (raw_ == nullptr) throw std::bad_alloc();
    const auto address = reinterpret_cast<std::uintptr_t>(raw_);
    data_ = reinterpret_cast<T*>((address + kAlign - 1) / kAlign * kAlign);
    ask_for_huge_pages();
}

template <class T>
Buffer<T>& Buffer<T>::operator=(Buffer&& other) noexcept {
    std::swap(raw_, other.raw_);
    std::swap(data_, other.data_);
    std::swap(count_, other.count_);
    return *this;
}

template <class T>
Buffer<T> Buffer<T>::copy() const {
    Buffer twin(count_);
    if (count_ > 0)
        std::memcpy(static_cast<void*>(twin.data_), data_, static_cast<std::size_t>(count_) * sizeof(T));
    return twin;
}

template <class T>
void Buffer<T>::ask_for_huge_pages() {
#if defined(__linux__)
    constexpr std::uintptr_t kHuge = 1 << 21, kPage = 4096;
    const auto first = reinterpret_cast<std::uintptr_t>(data_);
    const std::uintptr_t last = first + static_cast<std::uintptr_t>(count_) * sizeof(T);
    const std::uintptr_t from = (first + kPage - 1) / kPage * kPage, to = last / kPage * kPage;
    if (last - first >= 2 * kHuge)  // refused: nothing is lost
        static_cast<void>(madvise(reinterpret_cast<void*>(from), to - from, MADV_HUGEPAGE));
#endif
}

}  // namespace pl
