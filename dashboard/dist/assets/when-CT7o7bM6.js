import{t as n}from"./index-DWhLtV9T.js";function f(e,t,r="short"){return e?new Date(typeof e=="number"?e*1e3:e).toLocaleString(n(t),{dateStyle:"medium",timeStyle:r}):""}export{f as w};
