//! What names stand for, in `func f(x, y *T, ch chan int)`.
//!
//! Locals are printed as `a#3`, those a literal captures as `a#3^`.

use super::check;

#[test]
fn shadowing_ends_with_the_scope() {
    check(
        r#"
            a := 1
            if a := 2; a > 1 {
                a := 3
                g(a)
            }
            {
                x := a
                g(x)
            }
            g(a, x)
        "#,
        r#"
            b0:
              define a#3 = 1
              define a#4 = 2
              read a#4
              if a > 1 b1 else b2
            b1:
              define a#5 = 3
              read a#5
              call g(a)
              goto b2
            b2:
              read a#3
              define x#6 = a#3
              read x#6
              call g(x)
              read a#3
              read x#0
              call g(a, x)
              end
        "#,
    );
}

#[test]
fn define_assigns_what_the_same_scope_declared() {
    check(
        r#"
            a, b := 1, 2
            b, c := a, b
            x, d := c, b
            {
                b, d := 3, 4
                g(b, d)
            }
            g(d)
        "#,
        r#"
            b0:
              define a#3 = 1
              define b#4 = 2
              read a#3
              read b#4
              write b#4 = a#3
              define c#5 = b#4
              read c#5
              read b#4
              write x#0 = c#5
              define d#6 = b#4
              define b#7 = 3
              define d#8 = 4
              read b#7
              read d#8
              call g(b, d)
              read d#6
              call g(d)
              end
        "#,
    );
}

#[test]
fn a_value_does_not_see_its_own_name() {
    check(
        r#"
            a := func() { a() }
            var g = g
            use(a, g)
        "#,
        r#"
              b0:
                define a#3 = func f literal 1
                read g
                define g#4 = g
                read a#3
                read g#4
                call use(a, g)
                end
            func f literal 1()
              b0:
                call a()
                end
        "#,
    );
}

#[test]
fn a_literal_captures_what_it_uses() {
    check(
        r#"
            a, b, c := 1, 2, 3
            g(func() {
                b := a
                x.f = T{c: b}
                func() { c++ }()
            })
            use(a, b, c)
        "#,
        r#"
              b0:
                define a#3^ = 1
                define b#4 = 2
                define c#5^ = 3
                call g(func() { b := a x.f = T{c: b} func() { c++ }() })
                read a#3^
                read b#4
                read c#5^
                call use(a, b, c)
                end
            func f literal 1()
              b0:
                read a#3^
                define b#6 = a#3^
                read b#6
                write x.f = T{c: b}
                call func() { c++ }()
                end
            func f literal 1 literal 1()
              b0:
                write c#5^ = update
                end
        "#,
    );
}

#[test]
fn local_types_hide_outer_names() {
    check(
        r#"
            type T struct{ next *T }
            var a T
            b := T{}
            g(T(b), a)
        "#,
        r#"
            b0:
              define a#3 = zero
              define b#4 = T{}
              read b#4
              call T(b)
              read a#3
              call g(T(b), a)
              end
        "#,
    );
}
