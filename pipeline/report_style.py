"""The report's style sheet: light and dark by the reader's setting, and for print; no font, image or file is loaded."""

STYLE = """
:root {
  color-scheme: light dark; --ink: #1d2328; --soft: #5c6770; --paper: #fbfaf7; --card: #fff; --rule: #d9d6ce; --kept: #2e7d5b;
  --dropped: #c0603f; --bar: #3b6ea5; --mark: #a3254b
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e4e6e8; --soft: #9aa4ad; --paper: #15181b; --card: #1d2125; --rule: #363c42; --kept: #62bb91; --dropped: #e08b6c;
    --bar: #7bb0e6; --mark: #ff86a8
  }
}
* { box-sizing: border-box }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui,sans-serif }
main { max-width: 68rem; margin: 0 auto; padding: 1.5rem 1.25rem 4rem }
h1 { font-size: 1.7rem; margin: .2rem 0 .4rem }
h2 { font-size: 1.25rem; margin: 2.6rem 0 .6rem; padding-top: .7rem; border-top: 1px solid var(--rule) }
h3 { font-size: 1rem; margin: 1.3rem 0 .4rem }
p { max-width: 46rem; margin: .4rem 0 }
.soft, figcaption, caption { color: var(--soft); font-size: .88rem }
a { color: inherit }
nav { font-size: .9rem; display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin-top: 1rem }
.tiles { display: grid; grid-template-columns: repeat(auto-fit,minmax(9rem,1fr)); gap: .7rem; margin: 1.2rem 0 }
.tile { background: var(--card); border: 1px solid var(--rule); border-radius: .4rem; padding: .6rem .8rem }
.tile b { display: block; font-size: 1.45rem; font-variant-numeric: tabular-nums }
.alarm { border-left: .3rem solid var(--mark); background: var(--card); padding: .5rem .9rem; margin: .8rem 0 }
.scroll { overflow-x: auto }
table { border-collapse: collapse; margin: .5rem 0; font-size: .92rem }
caption { text-align: left; padding-bottom: .3rem }
th, td {
  text-align: left; padding: .22rem .9rem .22rem 0; border-bottom: 1px solid var(--rule); vertical-align: top;
  overflow-wrap: anywhere
}
thead th { color: var(--soft); font-weight: 600; white-space: nowrap }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; overflow-wrap: normal }
tbody th { font-weight: 400; min-width: 10rem }
tr.sum > * { font-weight: 600; border-top: 2px solid var(--soft) }
.pair { display: grid; grid-template-columns: repeat(auto-fit,minmax(min(100%,26rem),1fr)); gap: .4rem 2rem; align-items: start }
.pair > * { min-width: 0 }
figure { margin: 1rem 0 }
svg { display: block; max-width: 100%; height: auto }
td svg { margin-top: .3rem }
svg text { fill: var(--ink); font: 12px system-ui,sans-serif }
svg .soft { fill: var(--soft); font-size: 12px }
svg .mark { fill: var(--mark) }
.bar { fill: var(--bar) }
.kept { fill: var(--kept) }
.dropped { fill: var(--dropped) }
.axis { stroke: var(--soft) }
.grid { stroke: var(--rule) }
.threshold { stroke: var(--mark); stroke-width: 2; stroke-dasharray: 5 3 }
details { margin: .5rem 0 }
summary { cursor: pointer; color: var(--soft) }
.step > summary { color: inherit; font-weight: 600 }
.sample {
  background: var(--card); border: 1px solid var(--rule); border-left: .3rem solid var(--rule); border-radius: .3rem;
  padding: .5rem .7rem; margin: .5rem 0; break-inside: avoid
}
.sample.is-kept { border-left-color: var(--kept) }
.sample.is-dropped { border-left-color: var(--dropped) }
.sample .soft { overflow-wrap: anywhere }
.excerpt {
  white-space: pre-wrap; overflow-wrap: anywhere; overflow: auto; max-height: 14rem; font-size: .88rem; line-height: 1.45;
  margin-top: .3rem; contain: paint
}
code { font-size: .88em; overflow-wrap: anywhere }
@media print {
  :root { --paper: #fff; --card: #fff; --ink: #000; --soft: #444; --rule: #bbb; color-scheme: light }
  body { font-size: 10pt }
  nav { display: none }
  .numbers { display: none }
  .excerpt { max-height: none }
  .scroll { overflow-x: visible }
  table { font-size: 9pt }
  td svg { width: 110px }
  .tiles { grid-template-columns: repeat(5, 1fr) }
  .tile b { font-size: 12pt }
  main { max-width: none; padding: 0 }
  h2, h3, summary { break-after: avoid }
  figure, tr { break-inside: avoid }
  details::details-content { content-visibility: visible; block-size: auto }
  .bar, .kept, .dropped { print-color-adjust: exact }
}
"""
