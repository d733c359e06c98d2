export default function LineItems() {
  return <h1>Line items</h1>;
}
