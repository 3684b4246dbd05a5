import pytest

from tocsin.domain.grouping.functions import essential_function


@pytest.mark.parametrize(
    ("platform", "function", "expected"),
    [
        ("python", "Cart.<locals>.total", "Cart.<locals>.total"),
        ("javascript", "Object.foo.bar", "bar"),
        ("javascript", "HTMLButtonElement.<anonymous>", ""),
        ("node", "?", ""),
        ("javascript", "foo/<", ""),
        ("javascript", "Anonymous function", ""),
        ("csharp", "Cart.Total (System.Int32 count)", "Cart.Total"),
        ("java", "lambda$main$0", ""),
        ("java", "main", "main"),
        ("ruby", "block (2 levels) in total", "block"),
        ("ruby", "_app_views_index_html_erb__12345_67890", "_app_views_index_html_erb"),
        ("php", "App\\Cart::{closure}", ""),
        ("php", "class@anonymous\0/srv/a.php:3$0::total", "total"),
        ("php", "class@anonymous", ""),
        ("php", "App\\Cart::total", "App\\Cart::total"),
        ("native", "<redacted>", ""),
        ("native", "<unknown>", ""),
        ("native", "-[Cart total:with:]", "-[Cart total:with:]"),
        ("native", "void std::vector<int, std::allocator<int>>::push_back(int const&)", "std::vector<T>::push_back"),
        ("native", "int Cart::total(std::function<int (int)>) const &", "Cart::total"),
        ("native", "cart::(anonymous namespace)::total(int)", "cart::<anonymous>::total"),
        ("native", "Cart::total()::{lambda(int)#1}::operator()(int) const", "Cart::total()::<lambda>::operator()"),
        ("native", "std::ostream& operator<<(std::ostream&, Cart const&)", "operator<<"),
        ("native", "bool operator< <Cart>(Cart const&, Cart const&)", "operator< <T>"),
        ("native", "Cart::operator bool() const", "Cart::operator bool"),
        ("native", "total(int) [clone .isra.0] [clone .cold]", "total"),
        ("native", "total.constprop.1", "total"),
        ("native", "malloc@@GLIBC_2.2.5", "malloc"),
        ("native", "_total@12", "_total"),
        ("rust", "cart::total::h0123456789abcdef", "cart::total"),
        ("rust", "<cart::Cart<T> as core::ops::Drop>::drop", "cart::Cart<T>::drop"),
        ("rust", "cart::total::{{closure}}", "cart::total::<lambda>"),
        ("swift", "Cart.total(of:) -> Swift.Int", "Cart.total"),
        ("c", "(", "("),
        ("c", "a<b", "a<b"),
    ],
)
def test_a_function_is_cut_to_what_names_it(platform, function, expected):
    assert essential_function(function, platform) == expected
