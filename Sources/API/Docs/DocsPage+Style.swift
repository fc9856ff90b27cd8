extension DocsPage {
    /// The page's only style sheet: one column on a phone, two on a wide screen; colors follow the reader's setting.
    static let style: StaticString = """
        :root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --paper: #ffffff; --shade: #f5f7f9; --mark: #0a58ca; --good: #116329; --bad: #a40e26; }
        @media (prefers-color-scheme: dark) {
          :root { --ink: #e6edf3; --soft: #9da7b1; --line: #3a424b; --paper: #0f1419; --shade: #1a2027; --mark: #79b8ff; --good: #6fdd8b; --bad: #ff938a; }
        }
        * { box-sizing: border-box; }
        html { scroll-padding-top: 1rem; }
        body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
        header, .columns { max-width: 78rem; margin: 0 auto; padding: 1rem; }
        h1, h2, h3, h4 { line-height: 1.25; margin: 1.5em 0 .5em; }
        h1 { margin: .5em 0 0; }
        h1 small { font-size: .5em; font-weight: normal; color: var(--soft); }
        h2 { border-bottom: 1px solid var(--line); padding-bottom: .25em; }
        a { color: var(--mark); }
        :focus-visible { outline: 3px solid var(--mark); outline-offset: 2px; }
        .skip { position: absolute; left: -99rem; }
        .skip:focus { left: 1rem; top: 1rem; background: var(--paper); padding: .5rem; }
        nav { font-size: .9rem; }
        nav p { margin: .75rem 0 .25rem; font-weight: bold; }
        nav ul { list-style: none; margin: 0; padding: 0; }
        nav li a { display: block; padding: .2rem 0; text-decoration: none; }
        nav li b { display: inline-block; min-width: 4.2em; font-size: .8em; color: var(--soft); }
        article { border: 1px solid var(--line); border-radius: .5rem; padding: 0 1rem 1rem; margin: 1rem 0; }
        .method { margin-right: .6em; color: var(--mark); }
        .summary { font-weight: 600; }
        .note, .type, figcaption, dt em, h4 em { color: var(--soft); font-size: .9em; font-weight: normal; }
        code, pre { font: .9em/1.5 ui-monospace, monospace; }
        code { background: var(--shade); border-radius: .25rem; padding: .1em .3em; }
        pre { background: var(--shade); border: 1px solid var(--line); border-radius: .25rem; padding: .75rem; overflow-x: auto; max-height: 30rem; overflow-wrap: normal; }
        pre code { padding: 0; }
        dl { margin: .5rem 0; border-left: 2px solid var(--line); padding-left: .75rem; }
        dt { margin-top: .5rem; }
        dd { margin: 0 0 0 .75rem; }
        dd p, details p, dd ul { margin: .25rem 0; }
        figure { margin: .5rem 0; }
        .bounds { padding-left: 1.2rem; font-size: .9em; color: var(--soft); }
        details { border-top: 1px solid var(--line); padding: .35rem 0; }
        summary { cursor: pointer; }
        .status { color: var(--bad); }
        .status-2, .status-3 { color: var(--good); }
        @media (min-width: 60rem) {
          .columns { display: grid; grid-template-columns: 17rem minmax(0, 1fr); gap: 2rem; }
          nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; padding-bottom: 2rem; }
        }
        @media print { nav, .skip { display: none; } }
        """
}
