//! Statements that become several blocks, in `func f(x, y *T, ch chan int)`.
//!
//! Locals are printed as `a#3`, those a literal captures as `a#3^`.

use super::check;

#[test]
fn conditions_are_one_expression() {
    check(
        r#"
            if x.a && !y.b || g() {
                h()
            } else if z := x.c; z {
                return
            } else {
                k(z)
            }
            last()
        "#,
        r#"
            b0:
              read x.a
              read y.b
              call g()
              if x.a && !y.b || g() b1 else b2
            b1:
              call h()
              goto b3
            b2:
              read x.c
              define z#3 = x.c
              read z#3
              if z#3 b4 else b5
            b3:
              call last()
              end
            b4:
              return 
            b5:
              read z#3
              call k(z)
              goto b3
        "#,
    );
}

#[test]
fn a_loop_with_init_condition_and_post() {
    check(
        r#"
            for i := 0; i < x.n; i++ {
                if i == 3 {
                    continue
                }
                if i == 4 {
                    break
                }
                g(i)
            }
        "#,
        r#"
            b0:
              define i#3 = 0
              goto b1
            b1:
              read i#3
              read x.n
              if i < x.n b3 else b2
            b2:
              end
            b3:
              read i#3
              if i == 3 b5 else b6
            b4:
              write i#3 = update
              goto b1
            b5:
              goto b4
            b6:
              read i#3
              if i == 4 b7 else b8
            b7:
              goto b2
            b8:
              read i#3
              call g(i)
              goto b4
            loop b1 exit b2
        "#,
    );
}

#[test]
fn a_loop_without_condition_has_no_way_out_but_break() {
    check(
        r#"
            for {
                g()
            }
            after()
        "#,
        r#"
            b0:
              goto b1
            b1:
              goto b3
            b2:
              call after()
              unreachable
            b3:
              call g()
              goto b1
            loop b1 exit b2
        "#,
    );
}

#[test]
fn range_defines_its_variables_in_the_body() {
    check(
        r#"
            for k, v := range x.m {
                g(k, v)
            }
            for x.i = range 10 {
            }
            for range x.seq {
                g()
            }
        "#,
        r#"
            b0:
              read x.m
              goto b1
            b1:
              range x.m b2 done b3
            b2:
              define k#3 = key of x.m
              define v#4 = value of x.m
              read k#3
              read v#4
              call g(k, v)
              goto b1
            b3:
              goto b4
            b4:
              range 10 b5 done b6
            b5:
              write x.i = key of 10
              goto b4
            b6:
              read x.seq
              goto b7
            b7:
              range x.seq b8 done b9
            b8:
              call g()
              goto b7
            b9:
              end
            loop b1 exit b3
            loop b4 exit b6
            loop b7 exit b9
        "#,
    );
}

#[test]
fn labels() {
    check(
        r#"
            outer:
            for {
                for range x.m {
                    if g() {
                        continue outer
                    }
                    break outer
                }
                goto done
            }
            done:
            h()
        "#,
        r#"
            b0:
              goto b1
            b1:
              goto b2
            b2:
              goto b4
            b3:
              goto b10
            b4:
              read x.m
              goto b5
            b5:
              range x.m b6 done b7
            b6:
              call g()
              if g() b8 else b9
            b7:
              goto b10
            b8:
              goto b2
            b9:
              goto b3
            b10:
              call h()
              end
            loop b2 exit b3
            loop b5 exit b7
        "#,
    );
}

#[test]
fn a_switch_reads_tag_and_cases_before_it_branches() {
    check(
        r#"
            switch t := g(); t {
            case x.a, 1:
                fallthrough
            case y.b:
                h()
            default:
                break
            }
            after()
        "#,
        r#"
            b0:
              call g()
              define t#3 = g()
              read t#3
              read x.a
              read y.b
              switch t#3 [x.a, 1] b1 [y.b] b2 default b3
            b1:
              goto b2
            b2:
              call h()
              goto b4
            b3:
              goto b4
            b4:
              call after()
              end
        "#,
    );
}

#[test]
fn a_switch_without_default_may_be_passed_by() {
    check(
        r#"
            switch {
            case x.a > 1:
                return
            }
            after()
        "#,
        r#"
            b0:
              read x.a
              switch  [x.a > 1] b1 default b2
            b1:
              return 
            b2:
              call after()
              end
        "#,
    );
}

#[test]
fn a_type_switch_has_a_variable_in_every_clause() {
    check(
        r#"
            switch v := x.any.(type) {
            case int, *T:
                g(v)
            case nil:
                g(v)
            case error:
                g(v)
            }
        "#,
        r#"
            b0:
              read x.any
              typeswitch x.any [2 types] b1 [0 types] b2 [1 types] b3 default b4
            b1:
              define v#3 = x.any
              read v#3
              call g(v)
              goto b4
            b2:
              define v#4 = x.any
              read v#4
              call g(v)
              goto b4
            b3:
              define v#5 = x.any
              read v#5
              call g(v)
              goto b4
            b4:
              end
        "#,
    );
}

#[test]
fn select_reads_operands_before_and_defines_after() {
    check(
        r#"
            select {
            case v, ok := <-x.c:
                g(v, ok)
            case x.v = <-ch:
            case x.out <- h(1):
                break
            default:
                return
            }
            after()
        "#,
        r#"
            b0:
              read x.c
              read ch#2
              read x.out
              call h(1)
              select [<-x.c] b1 [<-ch] b2 [x.out <- h(1)] b3 [default] b4
            b1:
              define v#3 = <-x.c.0
              define ok#4 = <-x.c.1
              read v#3
              read ok#4
              call g(v, ok)
              goto b5
            b2:
              write x.v = <-ch
              goto b5
            b3:
              goto b5
            b4:
              return 
            b5:
              call after()
              end
        "#,
    );
}

#[test]
fn an_empty_select_blocks_for_ever() {
    check(
        r#"
            select {}
            after()
        "#,
        r#"
            b0:
              select 
            b1:
              call after()
              unreachable
        "#,
    );
}

#[test]
fn panic_ends_the_path() {
    check(
        r#"
            if x == nil {
                panic("no x")
            }
            os.Exit(1)
        "#,
        r#"
            b0:
              read x#0
              if x == nil b1 else b2
            b1:
              call panic("no x")
              panic
            b2:
              read os
              call os.Exit(1)
              end
        "#,
    );
}

#[test]
fn a_local_panic_does_not() {
    check(
        r#"
            panic := g
            panic(1)
            after()
        "#,
        r#"
            b0:
              read g
              define panic#3 = g
              read panic#3
              call panic(1)
              call after()
              end
        "#,
    );
}

#[test]
fn code_after_return_is_kept_apart() {
    check(
        r#"
            return
            x.f = 1
        "#,
        r#"
            b0:
              return 
            b1:
              write x.f = 1
              unreachable
        "#,
    );
}

/// Which is not Go; but a block that is filled in two turns keeps what both say.
#[test]
fn a_label_that_stands_twice_is_one_block() {
    check(
        r#"
            goto end
            end: g(1)
            if x.a {
                return
            }
            end: g(2)
        "#,
        r#"
            b0:
              goto b1
            b1:
              call g(1)
              read x.a
              call g(2)
              end
            b2:
              return 
            b3:
              goto b1
        "#,
    );
}
