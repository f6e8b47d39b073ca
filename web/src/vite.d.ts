declare module 'virtual:catalogue' {
  const catalogue: Readonly<Record<string, string>>;
  export default catalogue;
}
declare module 'virtual:catalogue/check' {
  const catalogue: Readonly<Record<string, string>>;
  export default catalogue;
}
declare module '*.css';
