const o=3e5;function a(n,t){return(Math.floor(n/t)+1)*t}function r(n){const t=Math.max(0,Math.ceil(n/1e3));return`${Math.floor(t/60)}:${String(t%60).padStart(2,"0")}`}export{r as c,o as s,a as w};
